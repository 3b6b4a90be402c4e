#!/bin/sh
# Mutation testing of judge/ and incident/ in a side folder, so that Stryker stays out of the project's packages.
# Usage: test/mutation/run.sh [--mutate 'src/judge/judge.ts,src/incident/score.ts']   (all takes hours)
set -e
project=$(cd "$(dirname "$0")/../.." && pwd)
side=${ORIGINWATCH_MUTATION_FOLDER:-$(mktemp -d)}
[ -d "$side/node_modules/@stryker-mutator" ] || {
  cp -R "$project/node_modules" "$project/package.json" "$side/"
  (cd "$side" && npm i --no-save --ignore-scripts --no-audit --no-fund @stryker-mutator/core@9.6.1 @stryker-mutator/vitest-runner@9.6.1)
}
rm -rf "$side/src" "$side/test" "$side/config"
cp -R "$project/src" "$project/test" "$project/config" "$project/tsconfig.json" "$side/"
cd "$side"
exec npx stryker run test/mutation/stryker.json "$@"
