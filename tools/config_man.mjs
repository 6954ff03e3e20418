// docs/man/chirograph.ini.5 from src/main/config.def, the table that the program itself reads.
// usage: node tools/config_man.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const page = new URL('docs/man/chirograph.ini.5', root);
const table = readFileSync(new URL('src/main/config.def', root), 'utf8');
const rows = [...table.matchAll(/^CONFIG\((\w+), "(\w+)\.(\w+)", (\w+), "(.*?)", "(.*?)", "(.*)"\)$/gm)]
  .map(([, symbol, section, key, kind, limits, standard, text]) => ({ symbol, section, key, kind, limits, standard, text }));

const kinds = { TEXT: 'text', INT: 'number', PATH: 'file', LIST: 'list', CHOICE: 'one of', ZONE: 'time zone' };

// roff takes a line that begins with a dot or an apostrophe as a request, and mandoc wants a sentence a line.
const wrapped = (text) => text.replace(/(.{1,76})( |$)/gm, '$1\n').replace(/\n+$/gm, '');
const prose = (text) => wrapped(text.replaceAll('\\', '\\e').replace(/\. (?=[A-Z])/g, '.\n')).replace(/\n+/g, '\n').replace(/^(['.])/gm, '\\&$1').trimEnd();

function entry(row) {
  const variable = `CHIROGRAPH_${row.section}_${row.key}`.toUpperCase();
  const value = row.kind === 'CHOICE' ? `${kinds.CHOICE} ${row.limits.split(' ').join(', ')}`
    : row.kind === 'INT' ? `a number from ${row.limits.replace(' ', ' to ')}`
      : row.kind === 'LIST' ? 'a list, separated by spaces' : `a ${kinds[row.kind]}`;
  return `.It Ic ${row.key}\n${prose(row.text)}\nValue: ${value}${row.standard ? `; default\n.Ql ${row.standard}` : ''}.
Environment:\n.Ev ${variable} .`.replace(/(\n\.Ql [^\n]*)\.\n/, '$1 .\n');
}

const head = `.\\" Made by tools/config_man.mjs from src/main/config.def.
.Dd November 23, 2026
.Dt CHIROGRAPH.INI 5
.Os
.Sh NAME
.Nm chirograph.ini
.Nd configuration of chirograph
.Sh DESCRIPTION
.Nm
lies in the data folder.
It holds sections in brackets and lines of the form
.Ql key = value .
A line that begins with
.Ql \\&;
is a comment, and so is the rest of a line after a space and
.Ql \\&; .
.Pp
Each key can also be given as an environment variable, or as
.Fl -set Ar section.key Ns = Ns Ar value
on the command line.
The command line goes before the environment, the environment before the file.
An unknown key is an error that names the nearest one.
Secrets are never values: a key whose name ends in
.Ql _file
names a file that holds the secret.
.Pp
.Ic chirograph config --data Ar DIR
prints every key with its value and where it came from,
in the form of this file.
`;
const tail = `.Sh FILES
.Bl -tag -width Ds
.It Pa DIR/chirograph.ini
.El
.Sh EXAMPLES
.Bd -literal -offset indent
[server]
base_url = https://sign.example.com
trusted_proxies = 10.0.0.0/8

[support]
email = help@example.com

[mail]
host = smtp.example.com
user = sign@example.com
password_file = /etc/chirograph/smtp.password
.Ed
.Sh SEE ALSO
.Xr chirograph 1 ,
.Xr chirograph-webhook 7
`;
const sections = [...new Set(rows.map((row) => row.section))];
const body = sections.map((section) => `.Sh SECTION ${section.toUpperCase()}\n.Bl -tag -width Ds\n${
  rows.filter((row) => row.section === section).map(entry).join('\n')}\n.El\n`).join('');
const text = head + body + tail;

const is = (() => { try { return readFileSync(page, 'utf8'); } catch { return ''; } })();
if (process.argv[2] === '--check' && is !== text) {
  console.error('docs/man/chirograph.ini.5 is old: run node tools/config_man.mjs');
  process.exit(1);
}
if (process.argv[2] !== '--check') writeFileSync(page, text);
