/**
 * Run by npm before anything is compiled: names in one place what this machine lacks, instead of a page of compiler
 * driver output. It is a package of its own because npm runs the scripts of a project after those of its packages.
 * Written so that every Node since 8 can say it.
 */
const { existsSync } = require('fs');
const { delimiter, join } = require('path');

const wanted = [20, 19];
const [major, minor] = process.versions.node.split('.').map(Number);

function found(name) {
  const directories = (process.env.PATH || '').split(delimiter);
  return name.includes('/') ? existsSync(name) : directories.some((each) => existsSync(join(each, name)));
}

/** Each tool by the names it may have; what an environment variable names counts too (its first word: `ccache g++`). */
const tools = [
  ['g++', [process.env.CXX, 'g++', 'c++', 'clang++']],
  ['make', [process.env.MAKE, 'make', 'gmake']],
  ['python3', [process.env.PYTHON, process.env.npm_config_python, 'python3', 'python']],
];

const lines = [];
if (major < wanted[0] || (major === wanted[0] && minor < wanted[1]))
  lines.push(`Node.js ${process.versions.node} is too old: Originwatch needs ${wanted.join('.')} or later.`);
const missing = tools
  .filter(([, names]) => !names.some((name) => name && found(name.trim().split(/\s+/)[0])))
  .map(([name]) => name);
if (missing.length > 0) {
  lines.push(`This machine lacks ${missing.join(', ')}: the database driver (better-sqlite3) is compiled here.`);
  lines.push('On Debian and Ubuntu:  apt-get install g++ make python3');
  lines.push('Where npm can fetch a prebuilt driver instead:  ORIGINWATCH_PREBUILT=1 npm ci');
}
if (lines.length > 0 && !process.env.ORIGINWATCH_PREBUILT) {
  console.error(['', ...lines, ''].join('\n'));
  process.exit(1);
}
