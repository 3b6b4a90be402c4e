/** A file that must fail lint: test/tidy/tools.test.ts shows that each of these is found. */
import { readFileSync } from 'node:fs';

async function later(): Promise<number> {
  return 1;
}

export default function wrong(values: number[]): void {
  later();
  var total = 0;
  for (const value of values) if (value == 1) total = total + value;
  console.log('total');
  debugger;
}
