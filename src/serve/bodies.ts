/**
 * Request bodies: each is declared once as named fields, from which come both the check (fastest-validator) and the
 * JSON Schema in OpenAPI. Unknown keys are refused. What passes is plain data of exactly the declared keys.
 */
import FastestValidator from 'fastest-validator';
import { ASN_MAX } from '../bgp/asn.ts';
import type { BaselineRow, Silence, SilenceMatch } from '../engine/ports.ts';
import { KINDS } from '../incident/alert.ts';
import { CONTROL, type JsonSchema, readTime, wholePrefix } from './parameters.ts';
import { type Fault, Problem } from './problem.ts';

// The package's types describe a module that it is not under nodenext.
const Validator = FastestValidator as unknown as typeof FastestValidator.default;
const validator = new Validator({ useNewCustomCheckerFunction: true });

type Rule = Readonly<Record<string, unknown>>;

interface Field {
  readonly rule: Rule;
  readonly schema: JsonSchema;
  /** What would do, for the problem. */
  readonly wanted: string;
  readonly isOptional: boolean;
}
type Fields = Readonly<Record<string, Field>>;

/** A declared body: its JSON Schema, and its reader, which throws a 400 naming every fault. */
export interface BodyShape<T> {
  readonly schema: JsonSchema;
  read(value: unknown): T;
  /** Every fault, none thrown. */
  faults(value: unknown): readonly Fault[];
}

function line(lengthMax: number): Field {
  return {
    rule: { type: 'string', min: 1, max: lengthMax, custom: textCheck((text) => !CONTROL.test(text)) },
    schema: { type: 'string', minLength: 1, maxLength: lengthMax },
    wanted: `text of 1 to ${lengthMax} characters on one line`,
    isOptional: false,
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: line breaks and tabs are welcome in a note, others are not
const CONTROL_IN_NOTE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

const NOTE: Field = {
  rule: { type: 'string', max: 2000, custom: textCheck((text) => !CONTROL_IN_NOTE.test(text)) },
  schema: { type: 'string', maxLength: 2000 },
  wanted: 'text of at most 2000 characters',
  isOptional: true,
};
const PREFIX: Field = {
  rule: { type: 'string', custom: textCheck((text) => wholePrefix(text) !== undefined) },
  schema: { type: 'string', examples: ['211.249.216.0/21'] },
  wanted: 'a prefix without host bits',
  isOptional: false,
};
const ORIGIN: Field = {
  rule: { type: 'number', integer: true, min: 0, max: ASN_MAX },
  schema: { type: 'integer', minimum: 0, maximum: ASN_MAX },
  wanted: 'an AS number',
  isOptional: false,
};
/** RFC 7607: AS 0 announces nothing, so it can't be expected. */
const EXPECTED_ORIGIN: Field = {
  ...ORIGIN,
  rule: { ...ORIGIN.rule, min: 1 },
  schema: { ...ORIGIN.schema, minimum: 1 },
  wanted: 'an AS number above 0',
};
const TIME: Field = {
  rule: { type: 'string', custom: textCheck((text) => readTime(text) !== undefined) },
  schema: { type: 'string', format: 'date-time' },
  wanted: 'an ISO 8601 time with Z or offset',
  isOptional: false,
};

/** A check on top of `type: string`; the validator reports it under the type `text`. */
function textCheck(isGood: (text: string) => boolean): (value: unknown, errors: unknown[]) => unknown {
  return (value, errors) => {
    if (typeof value === 'string' && !isGood(value)) errors.push({ type: 'text' });
    return value;
  };
}

function optional(field: Field): Field {
  return { ...field, isOptional: true };
}

function orNull(field: Field): Field {
  return {
    ...field,
    rule: { ...field.rule, nullable: true },
    schema: { ...field.schema, type: [field.schema.type, 'null'] },
    wanted: `${field.wanted} or null`,
  };
}

function oneOf(values: readonly string[]): Field {
  return {
    rule: { type: 'enum', values },
    schema: { type: 'string', enum: values },
    wanted: `one of ${values.join(', ')}`,
    isOptional: false,
  };
}

function asnList(countMax: number): Field {
  return {
    rule: { type: 'array', max: countMax, items: ORIGIN.rule },
    schema: { type: 'array', maxItems: countMax, items: ORIGIN.schema },
    wanted: `a list of at most ${countMax} AS numbers`,
    isOptional: false,
  };
}

function record(fields: Fields, propertiesMin: number): Field {
  return {
    // The validator's own minProps counts keys that it wrote itself: `more` looks at the number.
    rule: { type: 'object', strict: true, props: rulesOf(fields) },
    schema: { ...schemaOf(fields), minProperties: propertiesMin },
    wanted: `an object with at least ${propertiesMin} of ${Object.keys(fields).join(', ')} and no other key`,
    isOptional: false,
  };
}

function rulesOf(fields: Fields): Record<string, Rule> {
  const entries = Object.entries(fields);
  return Object.fromEntries(
    entries.map(([name, field]) => [name, { ...field.rule, optional: field.isOptional }]),
  );
}

function schemaOf(fields: Fields): JsonSchema {
  const entries = Object.entries(fields);
  const required = entries.filter(([, field]) => !field.isOptional).map(([name]) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, field]) => [name, field.schema])),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

/** `more` finds what no single field can show; it gets only what passed the fields. */
function shape<T>(
  fields: Fields,
  toPlain: (value: T) => T,
  more: (value: T) => readonly Fault[] = () => [],
): BodyShape<T> {
  const check = validator.compile({ $$strict: true, ...rulesOf(fields) });
  const faults = (value: unknown): readonly Fault[] => {
    const result = check(value);
    if (result === true) return more(value as T);
    if (!Array.isArray(result)) throw new Error('the body check must be synchronous');
    return result.map((error) => faultOf(fields, String(error.field ?? '')));
  };
  return {
    schema: schemaOf(fields),
    faults,
    read(value) {
      const found = faults(value);
      if (found.length === 0) return toPlain(value as T);
      throw new Problem(400, found.map((fault) => `${fault.at}: ${fault.detail}`).join('; '), {
        faults: found,
      });
    },
  };
}

function faultOf(fields: Fields, path: string): Fault {
  const field = fields[path.split(/[.[]/)[0] ?? ''];
  if (path === '' || field === undefined) {
    const known = Object.keys(fields).join(', ');
    return {
      at: '/',
      detail: known === '' ? 'an empty object is needed' : `an object of ${known} and no other key is needed`,
    };
  }
  return { at: `/${path.replaceAll('.', '/')}`, detail: `${field.wanted} is needed` };
}

// ---------------------------------------------------------------- the bodies

export interface AuthorBody {
  readonly by: string;
  readonly note?: string;
}

export const AUTHOR_BODY = shape<AuthorBody>({ by: line(200), note: NOTE }, ({ by, note = '' }) => ({
  by,
  note,
}));

/** What somebody writes on an incident. */
export const NOTE_BODY = shape<{ readonly by: string; readonly text: string }>(
  {
    by: line(200),
    text: {
      ...NOTE,
      rule: { ...NOTE.rule, min: 1 },
      wanted: 'text of 1 to 2000 characters',
      isOptional: false,
    },
  },
  ({ by, text }) => ({ by, text }),
);

/** Who works on an incident from now on; null: nobody. */
export const ASSIGN_BODY = shape<AuthorBody & { readonly assignee: string | null }>(
  { assignee: orNull(line(200)), by: line(200), note: NOTE },
  ({ assignee, by, note = '' }) => ({ assignee, by, note }),
);

/** For a change that is plain without words, as the end of a silence; the asker's name stands in for `by`. */
export const OPTIONAL_AUTHOR_BODY = shape<Partial<AuthorBody>>(
  { by: optional(line(200)), note: NOTE },
  ({ by, note = '' }) => ({ ...(by !== undefined && { by }), note }),
);

export interface OriginBody extends AuthorBody {
  readonly prefix: string;
  readonly origin: number;
}

export const ORIGIN_BODY = shape<OriginBody>(
  { prefix: PREFIX, origin: ORIGIN, by: line(200), note: NOTE },
  ({ prefix, origin, by, note = '' }) => ({ prefix, origin, by, note }),
);

export type ForgetBody = Omit<OriginBody, 'origin'> & { readonly origin?: number };

export const FORGET_BODY = shape<ForgetBody>(
  { prefix: PREFIX, origin: optional(ORIGIN), by: line(200), note: NOTE },
  ({ prefix, origin, by, note = '' }) => ({ prefix, ...(origin !== undefined && { origin }), by, note }),
);

const MATCH = record(
  {
    group: optional(line(200)),
    prefix: optional(PREFIX),
    kind: optional(oneOf(KINDS)),
    offender: optional(ORIGIN),
  },
  1,
);

type SilenceBody = Omit<Silence, 'id' | 'note' | 'expectedOrigin'> & {
  readonly note?: string;
  readonly expectedOrigin?: number | null;
};

/** Prefixes come out canonical, times as ISO 8601 UTC with milliseconds. */
export const SILENCE_BODY = shape<SilenceBody>(
  {
    match: MATCH,
    startsAt: TIME,
    endsAt: TIME,
    expectedOrigin: optional(orNull(EXPECTED_ORIGIN)),
    by: line(200),
    note: NOTE,
  },
  (body) => ({
    match: plainMatch(body.match),
    startsAt: readTime(body.startsAt) ?? '',
    endsAt: readTime(body.endsAt) ?? '',
    expectedOrigin: body.expectedOrigin ?? null,
    by: body.by,
    note: body.note ?? '',
  }),
  ({ match, startsAt, endsAt }) => {
    const isOrdered = (readTime(endsAt) ?? '') > (readTime(startsAt) ?? '');
    return [
      ...(Object.keys(plainMatch(match)).length === 0
        ? [{ at: '/match', detail: `${MATCH.wanted} is needed` }]
        : []),
      ...(isOrdered ? [] : [{ at: '/endsAt', detail: 'a time after startsAt is needed' }]),
    ];
  },
);

function plainMatch({ group, prefix, kind, offender }: SilenceMatch): SilenceMatch {
  return {
    ...(group !== undefined && { group }),
    ...(prefix !== undefined && { prefix: wholePrefix(prefix)?.text ?? prefix }),
    ...(kind !== undefined && { kind }),
    ...(offender !== undefined && { offender }),
  };
}

export interface NotifyTestBody {
  readonly receiver?: string;
}

export const NOTIFY_TEST_BODY = shape<NotifyTestBody>({ receiver: optional(line(200)) }, ({ receiver }) =>
  receiver === undefined ? {} : { receiver },
);

export interface SessionBody {
  readonly token: string;
}

export const SESSION_BODY = shape<SessionBody>({ token: line(4096) }, ({ token }) => ({ token }));

type BaselineBody = Pick<
  BaselineRow,
  'prefix' | 'origin' | 'neighbors' | 'source' | 'firstSeenAt' | 'lastSeenAt'
> &
  Partial<Pick<BaselineRow, 'peerAsns' | 'by' | 'note'>>;

const SOURCES = ['config', 'learned', 'provisional', 'observed', 'operator', 'rejected', 'snapshot'];

const BASELINE_LINE = shape<BaselineBody>(
  {
    prefix: PREFIX,
    origin: ORIGIN,
    neighbors: asnList(10_000),
    source: oneOf(SOURCES),
    firstSeenAt: orNull(TIME),
    lastSeenAt: orNull(TIME),
    peerAsns: optional(asnList(16)),
    by: { ...line(200), rule: { type: 'string', max: 200 }, isOptional: true },
    note: NOTE,
  },
  (value) => value,
);

export const BASELINE_LINE_SCHEMA = BASELINE_LINE.schema;
const FAULTS_SHOWN = 20;

/** Reads a baseline as NDJSON, whole or not at all; empty lines don't count. Throws a 400 with the first faults. */
export function readBaseline(text: string): readonly BaselineRow[] {
  const rows: BaselineRow[] = [];
  const faults: Fault[] = [];
  for (const [index, each] of text.split('\n').entries()) {
    if (each.trim() === '') continue;
    const value = parsed(each);
    const found = BASELINE_LINE.faults(value);
    if (found.length === 0) rows.push(baselineRow(value as BaselineBody));
    for (const fault of found) faults.push({ at: `line ${index + 1}${fault.at}`, detail: fault.detail });
    if (faults.length >= FAULTS_SHOWN) break;
  }
  if (faults.length > 0) throw new Problem(400, 'Nothing was imported: lines are wrong.', { faults });
  return rows;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function baselineRow(value: BaselineBody): BaselineRow {
  return {
    prefix: wholePrefix(value.prefix)?.text ?? value.prefix,
    origin: value.origin,
    neighbors: [...value.neighbors],
    source: value.source,
    firstSeenAt: value.firstSeenAt === null ? null : (readTime(value.firstSeenAt) ?? null),
    lastSeenAt: value.lastSeenAt === null ? null : (readTime(value.lastSeenAt) ?? null),
    peerAsns: [...(value.peerAsns ?? [])],
    by: value.by ?? '',
    note: value.note ?? '',
  };
}
