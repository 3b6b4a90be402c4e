/**
 * The command line as reference pages: a manual page (man-pages(7)) and completions for bash, zsh and fish, all made
 * from the commands themselves, so that they cannot say anything else than `--help` does. Pure.
 */
import type { Command, Option } from 'commander';

/** One command with its full name, without the program's: `incidents ack`. */
interface Named {
  readonly name: string;
  readonly command: Command;
}

function commandsOf(parent: Command, before: readonly string[] = []): readonly Named[] {
  return parent.commands.flatMap((command) => {
    const words = [...before, command.name()];
    return command.commands.length > 0 ? commandsOf(command, words) : [{ name: words.join(' '), command }];
  });
}

function optionsOf(command: Command): readonly Option[] {
  return [...command.options, ...(command.parent?.parent ? command.parent.options : [])];
}

/** `on`: the day of the release, as YYYY-MM-DD. */
export function manualPage(program: Command, version: string, on: string): string {
  const lines = [
    `.TH ORIGINWATCH 1 "${on}" "originwatch ${version}" "User Commands"`,
    '.SH NAME',
    'originwatch \\- detect BGP hijacks of watched prefixes',
    '.SH SYNOPSIS',
    '.B originwatch',
    '[\\fICOMMAND\\fR] [\\fIOPTION\\fR]...',
    '.SH DESCRIPTION',
    roff(program.description()),
    'Without a command it is the daemon.',
    '.SH COMMANDS',
  ];
  for (const { name, command } of commandsOf(program)) {
    const operands = command.registeredArguments.map((operand) => {
      const shown = operand.variadic ? `${operand.name()}...` : operand.name();
      return operand.required ? `\\fI${roff(shown)}\\fR` : `[\\fI${roff(shown)}\\fR]`;
    });
    lines.push(
      '.TP',
      `\\fB${roff(name)}\\fR ${operands.join(' ')}`.trimEnd(),
      sentence(command.description()),
    );
    for (const option of optionsOf(command)) {
      lines.push('.RS', '.TP', `\\fB${roff(option.flags)}\\fR`, sentence(option.description), '.RE');
    }
  }
  lines.push(
    '.SH EXIT STATUS',
    '0 success; 1 failure at work; 64 wrong usage; 78 configuration error. \\fBstatus \\-\\-check\\fR follows the',
    'plugin convention: 0 OK, 1 warning, 2 critical, 3 unknown.',
    '.SH FILES',
    '.TP',
    '.I /etc/originwatch/originwatch.yaml',
    'The configuration.',
    '.TP',
    '.I /var/lib/originwatch',
    'The state of the installed daemon.',
    '.SH SEE ALSO',
    '.I /usr/share/doc/originwatch/README.md.gz',
  );
  return `${lines.join('\n')}\n`;
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return roff(/[.:!?]$/.test(begun) ? begun : `${begun}.`);
}

/** Text that roff prints as it is. */
function roff(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/^([.'])/gm, '\\&$1')
    .replace(/\s+/g, ' ');
}

function longFlags(command: Command): readonly string[] {
  return [...new Set([...optionsOf(command).flatMap(({ long }) => (long ? [long] : [])), '--help'])];
}

/** Words that follow what was typed: names of commands first, then the options of the command. */
function choices(program: Command): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const visit = (command: Command, words: readonly string[]): void => {
    found.set(words.join(' '), [...command.commands.map((child) => child.name()), ...longFlags(command)]);
    for (const child of command.commands) visit(child, [...words, child.name()]);
  };
  visit(program, []);
  return found;
}

export function bashCompletion(program: Command): string {
  const cases = [...choices(program)].map(([words, next]) => `    '${words}') words='${next.join(' ')}' ;;`);
  return `# bash completion for originwatch
_originwatch() {
  local current=\${COMP_WORDS[COMP_CWORD]} typed='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
    -*) ;;
    *) case " $(_originwatch_words "$typed") " in *" $word "*) typed="\${typed:+$typed }$word" ;; esac ;;
    esac
  done
  words=$(_originwatch_words "$typed")
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  [ \${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "$current")
}
_originwatch_words() {
  local words=''
  case $1 in
${cases.join('\n')}
  esac
  printf '%s' "$words"
}
complete -o filenames -F _originwatch originwatch
`;
}

export function zshCompletion(program: Command): string {
  const cases = [...choices(program)].map(([words, next]) => `    '${words}') next=(${next.join(' ')}) ;;`);
  return `#compdef originwatch
_originwatch_next() {
  next=()
  case $1 in
${cases.join('\n')}
  esac
}
_originwatch() {
  local typed='' word
  local -a next
  _originwatch_next ''
  for word in \${words[2,CURRENT-1]}; do
    [[ $word == -* ]] && continue
    if (( \${next[(Ie)$word]} )); then typed="\${typed:+$typed }$word"; _originwatch_next "$typed"; fi
  done
  _alternative "words:originwatch:($next)" 'files:file:_files'
}
_originwatch "$@"
`;
}

export function fishCompletion(program: Command): string {
  const lines = ['# fish completion for originwatch', 'complete -c originwatch -n __fish_use_subcommand -f'];
  for (const child of program.commands) {
    lines.push(
      `complete -c originwatch -n __fish_use_subcommand -f -a ${child.name()} -d ${quoted(child.description())}`,
    );
    for (const inner of child.commands) {
      lines.push(
        `complete -c originwatch -n '__fish_seen_subcommand_from ${child.name()}' -f -a ${inner.name()} -d ${quoted(inner.description())}`,
      );
    }
    const flags = new Set([child, ...child.commands].flatMap(longFlags));
    for (const flag of flags) {
      lines.push(
        `complete -c originwatch -n '__fish_seen_subcommand_from ${child.name()}' -l ${flag.slice(2)}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;
}
