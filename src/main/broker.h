/*
 * A way to the other roles. front has none of its own: it asks the supervisor over its socket. A
 * tool of the command line starts its own keyd, courier and press through the same code.
 */
#ifndef CHIROGRAPH_MAIN_BROKER_H
#define CHIROGRAPH_MAIN_BROKER_H

#include "main/role.h"

/* Frames from front to the supervisor: u32 kind, and for a connection u32 role and one descriptor.
 */
enum broker_frame { BROKER_CONNECT = 1, BROKER_READY = 2 };

struct broker;

enum err CHECKED broker_new_front(int control, struct broker **out);
/* Starts roles of its own on demand; broker_free ends them. */
enum err CHECKED broker_new_tool(const struct config *config, struct broker **out);
void broker_free(struct broker *b);
void broker_freep(struct broker **b);

/* One end of a fresh socketpair whose other end that role serves; -1 on failure. Thread-safe. */
int role_dial(struct broker *b, enum role role);
/* The forms that keyd_open, struct press and struct courier take; ctx is the broker. */
int broker_dial_keyd(void *ctx);
int broker_dial_press(void *ctx);
int broker_dial_courier(void *ctx);

enum err CHECKED broker_ready(struct broker *b); /* front answers now */

/* Hands a connection to a role that is running: one empty frame with the descriptor. */
enum err CHECKED broker_hand_over(int control, int sock);
/* Sets the log threshold from server.log_level. */
void config_log_level(const struct config *config);
int config_memory(
    const struct config *config); /* sealed memory file with the configuration; -1 on failure */

#endif
