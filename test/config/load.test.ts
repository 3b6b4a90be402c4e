import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';
import type { Secret } from '../../src/config/settings.ts';
import { config, errorsOf, load, ONE_ENTRY, readFrom } from './files.ts';

/** The only problem of a configuration; its first line is `watchlist: w.yaml`. */
function problem(lines: string, env: Record<string, string> = {}): string {
  const found = errorsOf(() => config(lines, { env }));
  expect(found.slice(1)).toEqual(['1 error']);
  return found[0] ?? '';
}

describe('a configuration', () => {
  it('needs nothing but a watchlist: the rest has the defaults of the product', () => {
    const settings = config('');
    expect(settings).toMatchObject({
      stateDirectory: undefined,
      feeds: [
        {
          type: 'ris-live',
          name: 'ris-live',
          url: 'wss://ris-live.ripe.net/v1/ws/',
          subscribe: 'auto',
          filterPrefixesMax: 1000,
          collectors: [],
        },
      ],
      rpki: { url: undefined, file: undefined, refreshMinutes: 10, rtr: [] },
      detection: {
        resolveAfterSeconds: 300,
        updateEverySeconds: 60,
        learnPeers: 3,
        criticalScore: 8,
        warningScore: 4,
      },
      network: { proxy: undefined, noProxy: [], ca: undefined },
      receivers: [],
      routes: [],
      serve: { host: '127.0.0.1', port: 8480, hosts: [], tokens: [] },
      log: { level: 'info' },
    });
    expect(settings.knowledge).toEqual({
      siblings: [],
      topology: [],
      asNames: new Map(),
      dropList: new Set(),
      contacts: new Map(),
      organisations: { of: new Map(), names: new Map() },
    });
    expect(settings.files).toEqual([resolve('c.yaml'), resolve('w.yaml')]);
  });

  it('takes a section whose lines are all comments as absent', () => {
    const settings = config('receivers:\nroutes:\nfeeds:\nserve:\nlog:\nrpki:\nknowledge:\ndetection:\n');
    expect(settings.receivers).toEqual([]);
    expect(settings.feeds).toHaveLength(1);
  });

  it('lets people in where messages send them', () => {
    const { serve } = config('serve: { hosts: [a.example], publicUrl: "https://NOC.example.net:8443" }');
    expect(serve.publicUrl).toBe('https://noc.example.net:8443/');
    expect(serve.hosts).toEqual(['a.example', 'noc.example.net']);
  });

  it('takes every section as written', () => {
    const settings = config(`
stateDirectory: state
feeds:
  - { type: ris-live, name: relay, url: "ws://127.0.0.1:9/x", subscribe: firehose, filterPrefixesMax: 5, collectors: [rrc00, rrc25.ripe.net] }
rpki:
  vrps: { url: "https://rpki.example.net/vrps.json", refreshMinutes: 0.5 }
detection: { resolveAfterSeconds: 0.5, tier1: [1, AS2], weights: { rpki-invalid-origin: 9.5 }, criticalScore: 10 }
serve: { listen: "[::1]:0", hosts: [NOC.example.net] }
log: { level: debug }
`);
    expect(settings).toMatchObject({
      stateDirectory: resolve('state'),
      feeds: [
        {
          name: 'relay',
          url: 'ws://127.0.0.1:9/x',
          subscribe: 'firehose',
          filterPrefixesMax: 5,
          collectors: ['rrc00', 'rrc25'],
        },
      ],
      rpki: { url: 'https://rpki.example.net/vrps.json', file: undefined, refreshMinutes: 0.5, rtr: [] },
      detection: { resolveAfterSeconds: 0.5, tier1: [1, 2], criticalScore: 10, learnAfterHours: 24 },
      serve: { host: '::1', port: 0, hosts: ['noc.example.net'] },
      log: { level: 'debug' },
    });
    expect(settings.detection.weights).toMatchObject({ 'rpki-invalid-origin': 9.5, 'never-seen': 4 });
  });

  it.each([
    ['wachlist2: x', '2:1: unknown key "wachlist2"; did you mean "watchlist"?'],
    [
      'detection: { resolveAfterSecond: 3 }',
      '2:14: unknown key "resolveAfterSecond"; did you mean "resolveAfterSeconds"?',
    ],
    [
      'detection: { weights: { never_seen: 3 } }',
      '2:25: unknown key "never_seen"; did you mean "never-seen"?',
    ],
    ['detection: { weights: { never-seen: .nan } }', '2:37: never-seen is NaN; write a finite number'],
    ['detection: { weights: { never-seen: -.inf } }', '2:37: never-seen is -Infinity; write a finite number'],
    ['detection: { blindAfterSeconds: 0 }', '2:33: blindAfterSeconds is 0; write a number above 0'],
    ['detection: { blindAfterSeconds: -1 }', '2:33: blindAfterSeconds is -1; write a number above 0'],
    [
      'detection: { blindAfterSeconds: 60s }',
      '2:33: blindAfterSeconds is text; write a number, without quotes',
    ],
    ['detection: { learnPeers: 1.5 }', '2:26: learnPeers is 1.5; write a whole number'],
    [
      'detection: { warningScore: 9 }',
      '2:28: warningScore 9 is above criticalScore 8; keep it below or equal',
    ],
    ['detection: [1]', '2:12: a list where the section detection is expected'],
    ['log: { level: verbose }', '2:15: level is "verbose"; write fatal, error, warn, info, debug or trace'],
    ['log: { level: warning }', '2:15: level is "warning"; did you mean "warn"?'],
    ['feeds: { type: ris-live }', '2:8: feeds is a map; write a list'],
    ['feeds: [ { name: x } ]', '2:10: a feed without type; add type'],
    ['feeds: [ { type: rislive } ]', '2:18: type is "rislive"; did you mean "ris-live"?'],
    [
      'feeds: [ { type: ris-live, url: "https://x/" } ]',
      '2:33: url is a URL of another protocol; write a URL that starts with wss:// or ws://',
    ],
    [
      'feeds: [ { type: ris-live, url: "wss://u:hush@x/" } ]',
      '2:33: url has a user name or password written into it',
    ],
    [
      'feeds: [ { type: ris-live, subscribe: some } ]',
      '2:39: subscribe is "some"; write auto, filtered or firehose',
    ],
    [
      'feeds: [ { type: ris-live, collectors: [rrc 00] } ]',
      '2:41: an item of collectors is "rrc 00", no collector',
    ],
    [
      'feeds: [ { type: ris-live }, { type: ris-live } ]',
      '2:30: a second feed named "ris-live", first at c.yaml:2:10; give each a name of its own',
    ],
    ['rpki: { vrps: {} }', '2:15: a source of VRPs without url and file; write { url: … } or { file: … }'],
    [
      'rpki: { vrps: { file: gone.json } }',
      '2:23: the file "gone.json" cannot be read; create it or name another',
    ],
    ['rpki: { vrps: { url: "ftp://x/" } }', '2:22: url is a URL of another protocol'],
    ['rpki: { vrp: {} }', '2:9: unknown key "vrp"; did you mean "vrps"?'],
    ['stateDirectory: [a]', '2:17: stateDirectory is a list; write text'],
    ['serve: { listen: 8480 }', '2:18: listen is a number; write text'],
    [
      'serve: { listen: "8480" }',
      '2:18: listen is "8480", no address with a port; write host:port, for instance 127.0.0.1:8480 or "[::1]:8480"',
    ],
    ['serve: { listen: "127.0.0.1:65536" }', '2:18: listen is "127.0.0.1:65536", no address with a port'],
    ['serve: { listen: "127.0.0:80" }', '2:18: listen is "127.0.0:80", no address with a port'],
    ['serve: { listen: "::1:8480" }', '2:18: listen is "::1:8480", no address with a port'],
    [
      'serve: { listen: "0.0.0.0:8480" }',
      '2:18: listen is "0.0.0.0:8480", beyond loopback, and there is no token; add serve.tokens, or listen on 127.0.0.1',
    ],
    [
      'serve: { listen: "[::]:8480", tokens: [] }',
      '2:18: listen is "[::]:8480", beyond loopback, and there is no token',
    ],
    ['serve: { listen: "noc.example.net:80" }', '2:18: listen is "noc.example.net:80", beyond loopback'],
    ['serve: { publicUrl: "ftp://noc/" }', '2:21: publicUrl is a URL of another protocol'],
    ['serve: { publicUrl: "https://noc/x" }', '2:21: publicUrl has more than protocol, host and port'],
    ['serve: { hosts: ["https://noc/"] }', '2:18: "https://noc/" is no host name; write the name alone'],
    ['serve: { tokens: [ { token: { env: T }, scope: read } ] }', '2:20: a token without name; add name'],
    [
      'serve: { tokens: [ { name: a, token: { env: T }, scope: admin } ] }',
      '2:57: scope is "admin"; write read or write',
    ],
    [
      'routes: [ { match: { kind: [sub-prefx] }, receivers: [] } ]',
      '2:29: an item of kind is "sub-prefx"; did you mean "sub-prefix"?',
    ],
    [
      'routes: [ { match: { severity: bad }, receivers: [] } ]',
      '2:32: an item of severity is "bad"; write info, warning or critical',
    ],
    [
      'routes: [ { match: { prefix: 10.0.0.1/8 }, receivers: [] } ]',
      '2:30: an item of prefix "10.0.0.1/8" has host bits set; write 10.0.0.0/8',
    ],
    ['routes: [ { match: { grp: x }, receivers: [] } ]', '2:22: unknown key "grp"; did you mean "group"?'],
    [
      'routes: [ { match: { group: [] }, receivers: [] } ]',
      '2:29: group is an empty list; name at least one, or remove the key',
    ],
    ['routes: [ { match: {} } ]', '2:11: a route without receivers; add receivers'],
    ['routes: [ { receivers: [noc] } ]', '2:25: no receiver is named "noc"; add it to receivers'],
    [
      'routes: [ { receivers: [], escalate: { afterMinutes: 0, receivers: [] } } ]',
      '2:54: afterMinutes is 0; write a number above 0',
    ],
    ['routes: [ { receivers: [], repeatMinutes: never } ]', '2:43: repeatMinutes is text; write a number'],
  ])('refuses %s', (line, expected) => {
    expect(problem(line, { T: 'token' })).toContain(`c.yaml:${expected}`);
  });

  it.each(['127.0.0.1:0', '127.8.9.10:80', 'localhost:8480', '[::1]:8480', '[::ffff:127.0.0.1]:1'])(
    'listens on %s without a token',
    (listen) => {
      expect(config(`serve: { listen: "${listen}" }`).serve.port).toBeTypeOf('number');
    },
  );

  it('listens beyond loopback with a token', () => {
    const { serve } = config(
      'serve: { listen: "0.0.0.0:80", tokens: [ { name: wall, token: { env: T }, scope: read } ] }',
      { env: { T: 'abc\n' } },
    );
    expect(serve).toMatchObject({ host: '0.0.0.0', port: 80, tokens: [{ name: 'wall', scope: 'read' }] });
    expect(serve.tokens[0]?.token.reveal()).toBe('abc');
  });

  it('tells every problem of every file at once, in the order of the files, and counts them', () => {
    const lines = errorsOf(() =>
      load({
        'c.yaml':
          'watchlist: [w.yaml, gone.yaml, broken.yaml]\nlgo: {}\nknowledge:\n  topology: { file: rel.txt }\n',
        'w.yaml': 'watch:\n  - prefix: 10.0.0.1/8\n',
        'broken.yaml': 'watch:\n  - orgins: [1]\n    prefix: 192.0.2.0/24\n  - prefix: "unclosed\n',
        'rel.txt': '1|2|-1\n1|2|7\n',
      }),
    );
    expect(lines).toEqual([
      'c.yaml:1:21: the file "gone.yaml" does not exist; create it or name another',
      'c.yaml:2:1: unknown key "lgo"; did you mean "log"? (known: watchlist, stateDirectory, feeds, backfill, rpki, network, heartbeat, knowledge, detection, receivers, routes, serve, log)',
      'w.yaml:2:13: prefix "10.0.0.1/8" has host bits set; write 10.0.0.0/8, or the length that is meant',
      expect.stringMatching(/^broken\.yaml:2:5: unknown key "orgins"/),
      expect.stringMatching(/^broken\.yaml:4:13: a quote or bracket that is never closed; /),
      'rel.txt:2:1: "1|2|7" is no link between two ASes; write provider|customer|-1 or peer|peer|0',
      '6 errors',
    ]);
  });

  it('knows all files in the error too, so that the cure can be watched for', () => {
    try {
      load({ 'c.yaml': 'watchlist: gone.yaml' });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).files).toEqual([resolve('c.yaml'), resolve('gone.yaml')]);
      expect((error as ConfigError).problems).toHaveLength(1);
    }
  });

  it.each([
    [
      'watchlist: w.yaml\nserve:\n  listen: [::1]:8480\n',
      '3',
      'an IPv6 address with a port needs quotes: "[::1]:8480"',
    ],
    ['watchlist: w.yaml\n\tlog: {}\n', '2', ''],
    ['watchlist: w.yaml\nlog: { level: info\n', '2:6: a quote or bracket that is never closed', 'close it'],
    ['watchlist: w.yaml\nlog: *nowhere\n', '2:6: an alias to nothing', ''],
    ['watchlist: w.yaml\nlog: &a [*a]\n', '2:10: an alias to something that contains it', ''],
    ['watchlist: w.yaml\nlog: !js/function x\n', '2:6: an unknown tag', 'remove the tag'],
    ['watchlist: w.yaml\n---\nwatchlist: w.yaml\n', '', 'keep one document a file'],
    [
      'watchlist: w.yaml\nwatchlist: w.yaml\n',
      '2:1: the key "watchlist" a second time, first at c.yaml:1:1',
      'keep one',
    ],
    ['watchlist: w.yaml\n? [a]\n: b\n', '2:3: a key that is no text', ''],
    ['- watchlist\n', '1:1: a list where the configuration is expected', ''],
    ['42\n', '1:1: a number where the configuration is expected', ''],
    ['\n# only comments\n', '1:1: the file is empty', ''],
    ['watchlist: []\n', '1:12: an empty list of watchlists', ''],
    ['watchlist: 7\n', '1:12: watchlist is a number', ''],
    ['log: {}\n', '1:1: no watchlist is named', ''],
  ])('refuses the syntax of %j', (text, position, remedy) => {
    const lines = errorsOf(() => load({ 'c.yaml': text }));
    expect(
      lines.filter((line) => line.startsWith(`c.yaml:${position}`) && line.includes(remedy)),
    ).not.toEqual([]);
  });

  it('refuses bytes that are no text, and says where', () => {
    const bytes = new Uint8Array([...new TextEncoder().encode('watchlist: w.yaml\nlog: '), 0xc3, 0x28, 10]);
    expect(errorsOf(() => load({ 'c.yaml': bytes }))).toEqual([
      'c.yaml:2:6: bytes that are no UTF-8 text; save the file as plain text in UTF-8',
      '1 error',
    ]);
    expect(errorsOf(() => load({ 'c.yaml': 'log:\0' }))[0]).toContain(
      'c.yaml:1:5: bytes that are no UTF-8 text',
    );
  });

  it('survives aliases that stand for a billion values, and nesting without end', () => {
    const levels = Array.from(
      { length: 12 },
      (_, n) => `a${n}: &a${n} [${n === 0 ? 'x' : Array(10).fill(`*a${n - 1}`)}]`,
    );
    expect(errorsOf(() => load({ 'c.yaml': `watchlist: w.yaml\n${levels.join('\n')}\n` })).join()).toContain(
      'aliases stand for more than',
    );
    expect(errorsOf(() => load({ 'c.yaml': '['.repeat(5_000) })).at(-1)).toMatch(/^\d+ errors?$/);
    expect(
      errorsOf(() => load({ 'c.yaml': 'watchlist: w.yaml\nlog: '.padEnd(5_000, '{a: ') })).at(-1),
    ).toMatch(/^\d+ errors?$/);
  });

  it('takes another watchlist and other VRPs from the command line', () => {
    const settings = load(
      {
        'c.yaml': 'watchlist: gone.yaml\nrpki: { vrps: { url: "https://x.example/" } }\n',
        'mine.yaml': ONE_ENTRY,
        'v.json': '{}',
      },
      { watchlistPath: 'mine.yaml', vrpsPath: 'v.json' },
    );
    expect(settings.watchlist.entries).toHaveLength(1);
    expect(settings.rpki).toEqual({ url: undefined, file: resolve('v.json'), refreshMinutes: 10, rtr: [] });
    expect(
      errorsOf(() => load({ 'c.yaml': '{}' }, { watchlistPath: 'gone.yaml', vrpsPath: 'gone.json' })),
    ).toEqual([
      'gone.json:1:1: the file cannot be read; name one that exists',
      'gone.yaml:1:1: the file does not exist; create it or name another',
      '2 errors',
    ]);
  });

  it('shows a file by the path that was given and finds others beside it', () => {
    const readFile = readFrom({
      '/etc/ow/c.yaml': 'watchlist: sub/w.yaml',
      '/etc/ow/sub/w.yaml': 'watch: 3',
    });
    expect(errorsOf(() => loadSettings({ configPath: '/etc/ow/c.yaml', env: {}, readFile }))[0]).toContain(
      '/etc/ow/sub/w.yaml:1:8: ',
    );
    expect(errorsOf(() => loadSettings({ configPath: 'no/c.yaml', env: {}, readFile }))).toEqual([
      'no/c.yaml:1:1: the file does not exist; create it or name another',
      '1 error',
    ]);
  });
});

describe('knowledge', () => {
  it('is read inline', () => {
    const { knowledge } = config(`
knowledge:
  siblings: [[7625, AS38099], [1]]
  topology: ["174|7625|-1", "1|2|0"]
  asNames: { 38099: KAKAO, AS7625: DAUM }
  dropList: [AS64500, 64501]
`);
    expect(knowledge).toEqual({
      siblings: [[7625, 38099], [1]],
      topology: [
        { a: 174, b: 7625, relation: -1 },
        { a: 1, b: 2, relation: 0 },
      ],
      asNames: new Map([
        [38099, 'KAKAO'],
        [7625, 'DAUM'],
      ]),
      dropList: new Set([64500, 64501]),
      contacts: new Map(),
      organisations: { of: new Map(), names: new Map() },
    });
  });

  it.each([
    [
      'siblings',
      '# ours\n7625 38099 AS10158\n1,2\n',
      {
        siblings: [
          [7625, 38099, 10158],
          [1, 2],
        ],
      },
    ],
    ['siblings', '- [7625, 38099]\n', { siblings: [[7625, 38099]] }],
    [
      'topology',
      '# source\n1|2|-1\n3|4|0|bgp\n\n',
      {
        topology: [
          { a: 1, b: 2, relation: -1 },
          { a: 3, b: 4, relation: 0 },
        ],
      },
    ],
    [
      'asNames',
      'AS38099 KAKAO - Kakao Corp, KR\n7625\tDAUM\n',
      {
        asNames: new Map([
          [38099, 'KAKAO - Kakao Corp, KR'],
          [7625, 'DAUM'],
        ]),
      },
    ],
    ['asNames', 'ASN<SEP>AS\n1<SEP>LVLT-1, US\n', { asNames: new Map([[1, 'LVLT-1, US']]) }],
    ['asNames', '{ "38099": "KAKAO" }', { asNames: new Map([[38099, 'KAKAO']]) }],
    ['dropList', '; list\nAS64500 ; bad\n64501 # worse\n', { dropList: new Set([64500, 64501]) }],
    ['dropList', '{"asn":64500,"rir":"x"}\n{"type":"metadata","size":1}\n', { dropList: new Set([64500]) }],
    ['dropList', '[1, AS2]', { dropList: new Set([1, 2]) }],
  ])('reads %s from a file in the form of %j', (part, text, expected) => {
    const settings = config(`knowledge: { ${part}: { file: k.txt } }`, {}, { 'k.txt': text });
    expect(settings.knowledge).toMatchObject(expected);
    expect(settings.files).toContain(resolve('k.txt'));
  });

  it.each([
    ['siblings: [7625, 38099]', '2:25: a number where a list of siblings is expected'],
    ['siblings: [[x]]', '2:25: "x" is no AS number'],
    [
      'siblings: { fil: x }',
      '2:24: siblings is a map; write a list of lists: [[7625, 38099]], or { file: PATH }',
    ],
    ['topology: ["1|2"]', '2:25: "1|2" is no link between two ASes'],
    ['asNames: { x: y }', '2:25: "x" is no AS number'],
    ['asNames: { 1: 2 }', '2:25: the name of AS1 is a number'],
    ['dropList: [-1]', '2:25: -1 is no AS number'],
    ['dropList: { file: "" }', '2:32: file of dropList is text, no path'],
    ['dropList: { file: gone, x: 1 }', '2:38: unknown key "x"'],
    ['siblins: []', '2:14: unknown key "siblins"; did you mean "siblings"?'],
  ])('refuses %s', (part, expected) => {
    expect(
      errorsOf(() => config(`knowledge: { ${part} }`)).some((line) => line.startsWith(`c.yaml:${expected}`)),
    ).toBe(true);
  });

  it('tells the first twenty wrong lines of a data file and how many more there are', () => {
    const lines = errorsOf(() =>
      config('knowledge: { topology: { file: k.txt } }', {}, { 'k.txt': `1|2|0\n${'x\n'.repeat(30)}` }),
    );
    expect(lines).toHaveLength(22);
    expect(lines[0]).toBe(
      'k.txt:2:1: "x" is no link between two ASes; write provider|customer|-1 or peer|peer|0',
    );
    expect(lines[20]).toContain('k.txt:31:1: 10 more lines like those above');
  });

  it('reads the public lists in the shape they come in', { skip: !hasData() }, () => {
    const { knowledge } = loadSettings({
      configPath: 'c.yaml',
      env: {},
      readFile: (path) =>
        path.includes('astopo')
          ? readFileSync(path)
          : readFrom({ 'c.yaml': PUBLIC_LISTS, 'w.yaml': ONE_ENTRY })(path),
    }).settings;
    expect(knowledge.topology.length).toBeGreaterThan(200_000);
    expect(knowledge.asNames.get(9457)).toContain('DREAM');
  });
});

const PUBLIC_LISTS = `watchlist: w.yaml
knowledge:
  topology: { file: ../shared/data/astopo/problink.relat.txt }
  asNames: { file: ../shared/data/astopo/cidr-report.asn.dat }
`;

function hasData(): boolean {
  try {
    readFileSync('../shared/data/astopo/cidr-report.asn.dat');
    return true;
  } catch {
    return false;
  }
}

describe('a secret', () => {
  const HUSH = 'hush-0xDEADBEEF';

  it('comes from the environment, a file beside the YAML, or a credential, without the newline at its end', () => {
    const settings = load(
      {
        'd/c.yaml': '',
        'c.yaml': `watchlist: w.yaml
receivers:
  - { name: a, type: pagerduty, routingKey: { env: KEY } }
  - { name: b, type: pagerduty, routingKey: { file: secrets/key } }
  - { name: c, type: pagerduty, routingKey: { credential: key } }
`,
        'secrets/key': `${HUSH}\n`,
        '/run/credentials/x/key': `${HUSH}\r\n`,
      },
      { env: { KEY: `${HUSH}\n`, CREDENTIALS_DIRECTORY: '/run/credentials/x' } },
    );
    expect(settings.receivers.map((receiver) => (receiver.routingKey as Secret).reveal())).toEqual([
      HUSH,
      HUSH,
      HUSH,
    ]);
    expect(settings.files).toEqual(
      expect.arrayContaining([resolve('secrets/key'), '/run/credentials/x/key']),
    );
  });

  it('prints, serialises and inspects as [secret]', () => {
    const { receivers } = config('receivers: [ { name: a, type: pagerduty, routingKey: { env: KEY } } ]', {
      env: { KEY: HUSH },
    });
    const key = receivers[0]?.routingKey;
    expect(
      [
        `${key}`,
        JSON.stringify(key),
        inspect(key),
        inspect(receivers, { depth: 9, showHidden: true }),
        JSON.stringify(receivers),
      ].join(),
    ).not.toContain(HUSH);
    expect(JSON.stringify({ key })).toBe('{"key":"[secret]"}');
  });

  it.each([
    [`webhookUrl: ${HUSH}`, '2:52: webhookUrl is written literally; write { env: NAME }'],
    [`webhookUrl: https://hooks.example/${HUSH}`, '2:52: webhookUrl is written literally'],
    ['webhookUrl: 12345', '2:52: webhookUrl is written literally'],
    ['webhookUrl:', '2:40: webhookUrl is nothing'],
    [`webhookUrl: { ${HUSH} }`, '2:54: webhookUrl has an unknown key; write { env: NAME }'],
    [
      `webhookUrl: { env: "https://${HUSH}" }`,
      '2:59: webhookUrl: the environment variable named here is not set',
    ],
    [
      'webhookUrl: { env: UNSET }',
      '2:59: webhookUrl: the environment variable UNSET is not set; set it, or name another',
    ],
    [
      'webhookUrl: { env: EMPTY }',
      '2:59: webhookUrl: the environment variable EMPTY is empty; put the secret there',
    ],
    [
      'webhookUrl: { env: HUSH }',
      '2:52: webhookUrl: what is referred to is not an http(s) URL; put the whole URL there',
    ],
    [
      'webhookUrl: { env: LINES }',
      '2:59: webhookUrl: what is referred to has several lines or control characters',
    ],
    [`webhookUrl: { file: "${HUSH}" }`, '2:60: webhookUrl: the file cannot be read'],
    ['webhookUrl: { file: empty }', '2:60: webhookUrl: what is referred to is empty'],
    ['webhookUrl: { credential: x }', '2:66: webhookUrl: there is no $CREDENTIALS_DIRECTORY'],
    ['webhookUrl: { enw: X }', '2:54: webhookUrl has an unknown key "enw"; did you mean "env"?'],
    ['webhookUrl: { env: HUSH, file: x }', '2:52: webhookUrl names several sources'],
    ['webhookUrl: {}', '2:52: webhookUrl names no source'],
    ['webhookUrl: { env: [HUSH] }', '2:59: env of webhookUrl is a list, no name'],
    [`token: ${HUSH}, webhookUrl: { env: URL }`, '2:40: unknown key "token"'],
  ])('is refused as %j without being repeated', (part, expected) => {
    const env = { HUSH, EMPTY: ' ', LINES: `${HUSH}\n${HUSH}`, URL: 'https://x.example/' };
    const lines = errorsOf(() =>
      config(`receivers: [ { name: a, type: slack,   ${part} } ]`, { env }, { empty: '\n' }),
    );
    expect(lines.slice(1)).toEqual(['1 error']);
    expect(lines[0]).toContain(`c.yaml:${expected}`);
    expect(lines.join('\n')).not.toContain('DEADBEEF');
  });

  it.each([
    [`serve: { tokens: [ "${HUSH}" ] }`],
    [`serve: { tokens: [ { name: a, scope: read, token: ${HUSH} } ] }`],
    [`serve: { tokens: { wall: ${HUSH} } }`],
    [`receivers: [ "${HUSH}" ]`],
    [`receivers: [ { name: a, type: webhook, url: "https://u:${HUSH}@x.example/" } ]`],
    [`receivers: [ { name: a, type: webhook, url: "https://x.example/?token=${HUSH}" } ]`],
    [`receivers: [ { name: a, type: webhook, url: "${HUSH}" } ]`],
    [`receivers: [ { name: a, type: email, host: h, from: f, to: t, user: u, password: ${HUSH} } ]`],
    [`receivers: [ { name: a, type: slack, webhookUrl: "${HUSH}\n  b: [ ]`],
    [`receivers: [ { name: a, type: slack, webhookUrl: *${HUSH} } ]`],
    [`receivers: [ { name: a, type: slack, webhookUrl: !${HUSH} x } ]`],
    [`rpki: { vrps: { url: "https://u:${HUSH}@x.example/" } }`],
  ])('stays out of the error that %j causes', (lines) => {
    const found = errorsOf(() => config(lines)).join('\n');
    expect(found).toMatch(/errors?$/);
    expect(found).not.toContain('DEADBEEF');
  });

  it('is not shared by two tokens, and fits into a header', () => {
    const two =
      'serve: { tokens: [ { name: a, token: { env: A }, scope: read }, { name: b, token: { env: B }, scope: write } ] }';
    expect(errorsOf(() => config(two, { env: { A: HUSH, B: HUSH } }))[0]).toBe(
      'c.yaml:2:83: token is the same as another one above; give each reader a token of its own',
    );
    expect(errorsOf(() => config(two, { env: { A: 'ä', B: HUSH } }))[0]).toContain(
      'token has characters that no Authorization header can carry',
    );
  });
});

describe('a receiver', () => {
  const env = { S: 'https://hooks.example/x', T: 'token' };

  it('of each type is taken with its keys, and told from info on, in English, unless it says otherwise', () => {
    const { receivers } = config(
      `receivers:
  - { name: slack1, type: slack, webhookUrl: { env: S }, minSeverity: warning, language: ko }
  - { name: slack2, type: slack, botToken: { env: T }, channel: C1, appToken: { env: T }, apiUrl: "http://127.0.0.1:1/" }
  - { name: hook, type: webhook, url: "http://127.0.0.1:1/x", secret: { env: T } }
  - { name: hook2, type: webhook, url: { env: S } }
  - { name: am, type: alertmanager, url: "http://127.0.0.1:9093", bearerToken: { env: T } }
  - { name: pd, type: pagerduty, routingKey: { env: T }, url: "http://127.0.0.1:1/" }
  - { name: mail, type: email, host: h, port: 25, secure: false, user: u, password: { env: T }, from: f, to: [a, b] }
  - { name: log, type: syslog, host: 127.0.0.1, port: 514, protocol: tcp }
  - { name: teams, type: teams, webhookUrl: { env: S } }
  - { name: tg, type: telegram, botToken: { env: T }, chatId: -100123, apiUrl: "http://127.0.0.1:1" }
  - { name: cmd, type: command, command: [/bin/cat, -n], timeoutSeconds: 0.5 }
`,
      { env },
    );
    expect(
      receivers.map(({ name, type, minSeverity, language }) => [name, type, minSeverity, language].join(' ')),
    ).toEqual([
      'slack1 slack warning ko',
      'slack2 slack info en',
      'hook webhook info en',
      'hook2 webhook info en',
      'am alertmanager info en',
      'pd pagerduty info en',
      'mail email info en',
      'log syslog info en',
      'teams teams info en',
      'tg telegram info en',
      'cmd command info en',
    ]);
    expect((receivers[2]!.url as Secret).reveal()).toBe('http://127.0.0.1:1/x');
    expect(receivers[6]).toMatchObject({
      host: 'h',
      port: 25,
      secure: false,
      user: 'u',
      from: 'f',
      to: ['a', 'b'],
    });
    expect(receivers[9]).toMatchObject({ chatId: '-100123' });
    expect(receivers[10]).toMatchObject({ command: ['/bin/cat', '-n'], timeoutSeconds: 0.5 });
  });

  it.each([
    ['{ name: a, type: slck, webhookUrl: { env: S } }', '2:31: type is "slck"; did you mean "slack"?'],
    ['{ name: a }', '2:14: a receiver without type; add type'],
    ['{ type: slack, webhookUrl: { env: S } }', '2:14: a slack receiver without name; add name'],
    ['{ name: a, type: slack }', '2:14: a slack receiver without webhookUrl or botToken with channel'],
    ['{ name: a, type: slack, botToken: { env: T } }', '2:14: a slack receiver without channel; add channel'],
    [
      '{ name: a, type: slack, webhookUrl: { env: S }, appToken: { env: T } }',
      '2:62: appToken without botToken',
    ],
    [
      '{ name: a, type: slack, webhookUrl: { env: S }, botToken: { env: T }, channel: c }',
      '2:62: botToken beside webhookUrl; keep one of them',
    ],
    [
      '{ name: a, type: slack, webhookurl: { env: S } }',
      '2:38: unknown key "webhookurl"; did you mean "webhookUrl"?',
    ],
    ['{ name: a, type: webhook }', '2:14: a webhook receiver without url; add url'],
    ['{ name: a, type: webhook, url: "ftp://x.example/" }', '2:45: url is a URL of another protocol'],
    ['{ name: a, type: webhook, url: nowhere }', '2:45: url is no URL'],
    ['{ name: a, type: email, host: h, from: f }', '2:14: an email receiver without to; add to'],
    ['{ name: a, type: email, host: h, from: f, to: t, user: u }', '2:63: user without password'],
    ['{ name: a, type: syslog, host: h, protocol: sctp }', '2:58: protocol is "sctp"'],
    ['{ name: a, type: syslog, host: h, port: 70000 }', '2:54: port is 70000; write 65535 or less'],
    ['{ name: a, type: command, command: [] }', '2:49: command is an empty list'],
    ['{ name: a, type: command, command: "cat -n" }', '2:49: command is text; write a list'],
    [
      '{ name: a, type: teams, webhookUrl: { env: S }, minSeverity: high }',
      '2:75: minSeverity is "high"; write info, warning or critical',
    ],
    ['{ name: a, type: teams, webhookUrl: { env: S }, language: de }', '2:72: language is "de"'],
    [
      '{ name: a, type: teams, webhookUrl: { env: S } }, { name: a, type: teams, webhookUrl: { env: S } }',
      '2:72: a second receiver named "a", first at c.yaml:2:22',
    ],
  ])('is refused as %s', (receiver, expected) => {
    const lines = errorsOf(() => config(`receivers: [ ${receiver} ]`, { env }));
    expect(
      lines.some((line) => line.startsWith(`c.yaml:${expected}`)),
      lines.join('\n'),
    ).toBe(true);
  });

  it('is found by routes, which take one value or a list', () => {
    const { routes } = config(
      `receivers: [ { name: a, type: teams, webhookUrl: { env: S } }, { name: b, type: teams, webhookUrl: { env: S } } ]
routes:
  - match: { group: kakao, kind: [sub-prefix, squatting], severity: critical, prefix: ["2001:DB8::/32"], tags: [x] }
    receivers: a
    escalate: { afterMinutes: 0.5, receivers: [b] }
    repeatMinutes: 60
  - receivers: [a, b]
`,
      { env },
    );
    expect(routes).toEqual([
      {
        match: {
          group: ['kakao'],
          kind: ['sub-prefix', 'squatting'],
          severity: ['critical'],
          prefix: ['2001:db8::/32'],
          tags: ['x'],
        },
        receivers: ['a'],
        escalate: { afterMinutes: 0.5, receivers: ['b'] },
        repeatMinutes: 60,
      },
      { match: {}, receivers: ['a', 'b'], escalate: undefined, repeatMinutes: undefined },
    ]);
  });
});
