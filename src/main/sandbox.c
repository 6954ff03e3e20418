/*
 * Seccomp filters. Each role's list is what its code was seen to call, and nothing that opens a way
 * out: no role but the supervisor may execute a program, only courier may make a network socket,
 * only front may accept one. A call outside the list kills the process; the supervisor logs it and
 * starts it again.
 */
#include "main/sandbox.h"

#include "base/limits.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALL(name) SCMP_SYS(name)
#define END INT32_MIN

/* Memory, threads, time, the pipes already open. */
static const int everybody[] = {CALL(read), CALL(write), CALL(readv), CALL(writev), CALL(close),
    CALL(fstat), CALL(lseek), CALL(pread64), CALL(pwrite64), CALL(ftruncate), CALL(munmap),
    CALL(mremap), CALL(madvise), CALL(brk), CALL(rt_sigaction), CALL(rt_sigprocmask),
    CALL(rt_sigreturn), CALL(sigaltstack), CALL(futex), CALL(set_robust_list),
    CALL(get_robust_list), CALL(rseq), CALL(clock_gettime), CALL(clock_getres),
    CALL(clock_nanosleep), CALL(nanosleep), CALL(gettimeofday), CALL(time), CALL(getpid),
    CALL(gettid), CALL(getppid), CALL(getuid), CALL(geteuid), CALL(getgid), CALL(getegid),
    CALL(poll), CALL(ppoll), CALL(select), CALL(pselect6), CALL(sched_yield),
    CALL(sched_getaffinity), CALL(getrandom), CALL(exit), CALL(exit_group), CALL(restart_syscall),
    CALL(sysinfo), CALL(uname), CALL(getrusage), CALL(fcntl), CALL(dup), CALL(memfd_create),
    CALL(sendmsg), CALL(recvmsg), CALL(sendto), CALL(recvfrom), CALL(shutdown), CALL(getsockopt),
    CALL(membarrier), END};

/* Looking at files; Landlock says which. */
static const int readers[] = {CALL(open), CALL(stat), CALL(lstat), CALL(newfstatat), CALL(statx),
    CALL(access), CALL(faccessat), CALL(faccessat2), CALL(readlink), CALL(readlinkat),
    CALL(getdents64), CALL(getcwd), CALL(fadvise64), CALL(statfs), CALL(fstatfs), END};

static const int front_only[] = {CALL(openat), CALL(unlink), CALL(unlinkat), CALL(rename),
    CALL(renameat), CALL(renameat2), CALL(mkdir), CALL(mkdirat), CALL(rmdir), CALL(link),
    CALL(linkat), CALL(fsync), CALL(fdatasync), CALL(sync_file_range), CALL(fallocate),
    CALL(fchmod), CALL(fchmodat), CALL(chmod), CALL(fchown), CALL(utimensat), CALL(flock),
    CALL(pwritev), CALL(preadv), CALL(accept), CALL(accept4), CALL(getsockname), CALL(getpeername),
    CALL(setsockopt), CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait), CALL(epoll_pwait),
    CALL(epoll_pwait2), CALL(eventfd2), CALL(pipe2), CALL(timerfd_create), CALL(timerfd_settime),
    CALL(signalfd4), CALL(rt_sigtimedwait), CALL(sendfile), CALL(umask), CALL(msync),
    CALL(sendmmsg), END};

static const int courier_only[] = {CALL(connect), CALL(bind), CALL(getsockname), CALL(getpeername),
    CALL(setsockopt), CALL(sendmmsg), CALL(recvmmsg), CALL(pipe2), CALL(eventfd2),
    CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait), CALL(epoll_pwait), CALL(socketpair),
    END};

static const int press_only[] = {CALL(fchmod), CALL(fsync), CALL(umask), END};

static const int nothing[] = {END};

/* What sanitizer builds forbid, of what the real filter forbids. LeakSanitizer looks at a process
 * from outside, at its end: it needs ptrace, and a process that may be looked at. */
static const int forbidden[] = {CALL(execve), CALL(execveat), CALL(mount), CALL(bpf), END};
static const int network[] = {CALL(connect), CALL(listen), CALL(bind), END};

static const int *list_of(enum role role)
{
	switch (role) {
	case ROLE_FRONT: return front_only;
	case ROLE_COURIER: return courier_only;
	case ROLE_PRESS: return press_only;
	default: return nothing;
	}
}

static enum err rules_add(scmp_filter_ctx ctx, uint32_t action, const int *list)
{
	for (; *list != END; list++)
		ENSURE(seccomp_rule_add(ctx, action, *list, 0) == 0, ERR_CRYPTO);
	return OK;
}

static enum err rule(scmp_filter_ctx ctx, uint32_t action, int call, struct scmp_arg_cmp compare)
{
	ENSURE(seccomp_rule_add_array(ctx, action, call, 1, &compare) == 0, ERR_INTERNAL);
	return OK;
}

/* Threads yes, processes no. clone3 hides its flags in memory: glibc falls back to clone at ENOSYS.
 */
static enum err threads_allow(scmp_filter_ctx ctx)
{
	ENSURE(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), CALL(clone3), 0) == 0, ERR_INTERNAL);
	TRY(rule(ctx, SCMP_ACT_ALLOW, CALL(clone),
	    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)));
	TRY(rule(ctx, SCMP_ACT_ALLOW, CALL(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME)));
#ifdef PR_SET_VMA
	TRY(rule(ctx, SCMP_ACT_ALLOW, CALL(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_VMA)));
#endif
	/* Reading limits of itself; setting them has a pointer where reading has NULL. */
	TRY(rule(ctx, SCMP_ACT_ALLOW, CALL(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0)));
	return rule(
	    ctx, SCMP_ACT_ALLOW, CALL(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
}

/* Courier loads name-service libraries, press pango and what it brings; nobody else makes code. */
static enum err memory_allow(scmp_filter_ctx ctx, enum role role)
{
	static const int both[] = {CALL(mmap), CALL(mprotect), END};

	if (role == ROLE_COURIER || role == ROLE_PRESS)
		return rules_add(ctx, SCMP_ACT_ALLOW, both);
	TRY(rule(ctx, SCMP_ACT_ALLOW, CALL(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
	return rule(ctx, SCMP_ACT_ALLOW, CALL(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)

static bool has_files(const char *const *files)
{
	for (; files != NULL && *files != NULL; files++)
		if ((*files)[0] != '\0')
			return true;
	return false;
}

static enum err keyd_files(scmp_filter_ctx ctx, const struct sandbox *box)
{
	struct scmp_arg_cmp of_keys[] = {
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)box->keys), SCMP_A2(SCMP_CMP_MASKED_EQ, WRITING, 0)};
	struct scmp_arg_cmp of_operator[] = {
	    SCMP_A0(SCMP_CMP_EQ, (uint32_t)AT_FDCWD), SCMP_A2(SCMP_CMP_MASKED_EQ, WRITING, 0)};

	ENSURE(seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, CALL(openat), 2, of_keys) == 0,
	    ERR_INTERNAL);
	/* fstat of glibc */
	TRY(rule(ctx, SCMP_ACT_ALLOW, CALL(newfstatat), SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH)));
	if (has_files(box->operator_files)) {
		ENSURE(
		    seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, CALL(openat), 2, of_operator) == 0,
		    ERR_INTERNAL);
		of_operator[0] = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)(int64_t)AT_FDCWD);
		ENSURE(
		    seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, CALL(openat), 2, of_operator) == 0,
		    ERR_INTERNAL);
	}
	return OK;
}

/* fontconfig likes to write caches: it is told no, it is not killed for trying. */
static enum err press_files(scmp_filter_ctx ctx)
{
	static const int denied[] = {CALL(mkdir), CALL(unlink), CALL(link), CALL(rename),
	    CALL(chmod), CALL(utimensat), CALL(utime), END};

	TRY(rule(ctx, SCMP_ACT_ALLOW, CALL(openat),
	    SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT, 0)));
	TRY(rule(ctx, SCMP_ACT_ERRNO(EACCES), CALL(openat),
	    SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE, O_WRONLY)));
	TRY(rule(ctx, SCMP_ACT_ERRNO(EACCES), CALL(openat),
	    SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDWR)));
	return rules_add(ctx, SCMP_ACT_ERRNO(EACCES), denied);
}

static enum err sockets_allow(scmp_filter_ctx ctx, enum role role)
{
	if (role == ROLE_FRONT) {
		TRY(rule(ctx, SCMP_ACT_ALLOW, CALL(ioctl), SCMP_A1(SCMP_CMP_EQ, FIONBIO)));
		TRY(rule(ctx, SCMP_ACT_ALLOW, CALL(ioctl), SCMP_A1(SCMP_CMP_EQ, FIONREAD)));
		return rule(ctx, SCMP_ACT_ALLOW, CALL(socketpair), SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	}
	if (role != ROLE_COURIER)
		return OK;
	ENSURE(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALL(ioctl), 0) == 0, ERR_INTERNAL);
	for (size_t i = 0; i < 4; i++) {
		static const int families[] = {AF_INET, AF_INET6, AF_NETLINK, AF_UNIX};
		TRY(rule(ctx, SCMP_ACT_ALLOW, CALL(socket),
		    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i])));
	}
	return OK;
}

static enum err strict_filter(scmp_filter_ctx ctx, const struct sandbox *box)
{
	TRY(rules_add(ctx, SCMP_ACT_ALLOW, everybody));
	TRY(rules_add(ctx, SCMP_ACT_ALLOW, list_of(box->role)));
	if (box->role != ROLE_KEYD)
		TRY(rules_add(ctx, SCMP_ACT_ALLOW, readers));
	if (box->role == ROLE_KEYD)
		TRY(keyd_files(ctx, box));
	if (box->role == ROLE_PRESS)
		TRY(press_files(ctx));
	if (box->role == ROLE_COURIER)
		TRY(rule(
		    ctx, SCMP_ACT_ALLOW, CALL(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, WRITING, 0)));
	TRY(threads_allow(ctx));
	TRY(memory_allow(ctx, box->role));
	return sockets_allow(ctx, box->role);
}

#ifdef CHIROGRAPH_SANITIZED
static enum err relaxed_filter(scmp_filter_ctx ctx, const struct sandbox *box)
{
	TRY(rules_add(ctx, SCMP_ACT_KILL_PROCESS, forbidden));
	if (box->role == ROLE_COURIER)
		return OK;
	TRY(rules_add(ctx, SCMP_ACT_KILL_PROCESS, network));
	TRY(rule(ctx, SCMP_ACT_KILL_PROCESS, CALL(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET)));
	return rule(ctx, SCMP_ACT_KILL_PROCESS, CALL(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET6));
}
#endif

static uint32_t verdict(void)
{
#ifdef CHIROGRAPH_TEST_SEAMS
	const char *mode = getenv("CHIROGRAPH_SANDBOX");
	if (mode != NULL && strcmp(mode, "log") == 0)
		return SCMP_ACT_TRAP;
#endif
	return SCMP_ACT_KILL_PROCESS;
}

#ifdef CHIROGRAPH_TEST_SEAMS
static void trapped(int number, siginfo_t *info, void *ctx)
{
	char line[64] = "sandbox: refused system call 000\n";
	int call = info->si_syscall;

	for (size_t at = 31; at > 28; at--, call /= 10)
		line[at] = (char)('0' + call % 10);
	if (write(2, line, 33) < 0)
		_exit(72);
	_exit(71);
}

static void trap_install(void)
{
	struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};

	sigaction(SIGSYS, &action, NULL);
}
#endif

static enum err filter_enter(const struct sandbox *box)
{
	scmp_filter_ctx ctx;
	enum err e;

#ifdef CHIROGRAPH_SANITIZED
	(void)strict_filter;
	(void)verdict;
	ctx = seccomp_init(SCMP_ACT_ALLOW);
	ENSURE(ctx != NULL, ERR_MEMORY);
	e = relaxed_filter(ctx, box);
#else
	(void)forbidden;
	(void)network;
	ctx = seccomp_init(verdict());
	ENSURE(ctx != NULL, ERR_MEMORY);
	e = strict_filter(ctx, box);
#endif
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree instead of a list */
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);    /* threads that libraries made, too */
	if (e == OK && seccomp_load(ctx) != 0)
		e = ERR_INTERNAL;
	seccomp_release(ctx);
	return e;
}

static bool limit(int what, rlim_t most)
{
	struct rlimit r = {most, most};

	return setrlimit((__rlimit_resource_t)what, &r) == 0;
}

static enum err limits_enter(enum role role)
{
	ENSURE(limit(RLIMIT_CORE, 0), ERR_INTERNAL); /* a core holds keys and documents */
	if (role != ROLE_PRESS)
		return OK;
#ifndef CHIROGRAPH_SANITIZED
	ENSURE(limit(RLIMIT_AS, LIMIT_PRESS_MEMORY), ERR_INTERNAL);
#endif
	ENSURE(limit(RLIMIT_CPU, LIMIT_PRESS_MS / 1000), ERR_INTERNAL);
	ENSURE(limit(RLIMIT_NOFILE, 64), ERR_INTERNAL);
	ENSURE(limit(RLIMIT_FSIZE, LIMIT_BLOB_BYTES), ERR_INTERNAL); /* memory files count too */
	return OK;
}

enum err sandbox_enter(const struct sandbox *box)
{
	enum err e;

#ifdef CHIROGRAPH_TEST_SEAMS
	trap_install();
#endif
	e = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? OK : ERR_INTERNAL;
#ifndef CHIROGRAPH_SANITIZED
	if (e == OK)
		e = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? OK : ERR_INTERNAL;
#endif
	if (e == OK)
		e = limits_enter(box->role);
	if (e == OK)
		e = landlock_enter(box);
	if (e == OK)
		e = filter_enter(box);
	if (e != OK)
		log_error("the sandbox cannot be entered", "role=%s error=%s", role_name(box->role),
		    err_symbol(e));
	return e;
}
