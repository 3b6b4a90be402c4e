/** The Atom feed is well-formed whatever an attacker puts into it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { atomFeed, xml } from '../../src/serve/atom.ts';
import { anAlert, anIncident, aWorld, START_MS, started, uuid } from './fakes.ts';

/** Every name opened is closed in order, and no stray markup stands in between. */
function isWellFormed(text: string): boolean {
  const open: string[] = [];
  for (const [whole, slash, name, closed] of text
    .replace(/^<\?xml[^?]*\?>/, '')
    .matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>|[<>]/g)) {
    if (name === undefined) return whole === '';
    if (slash === '/') {
      if (open.pop() !== name) return false;
    } else if (closed !== '/') open.push(name);
  }
  return open.length === 0 && !/&(?!(amp|lt|gt|quot|#39);)/.test(text);
}

describe('the feed', () => {
  test('holds the last hundred alerts, newest first, each with what RFC 4287 asks for', async () => {
    const world = aWorld();
    for (let count = 0; count < 120; count += 1) world.alert();
    const { get, server } = await started({}, world);
    const response = await get('/feed.atom');
    expect(response.headers.get('content-type')).toBe('application/atom+xml; charset=utf-8');
    const text = await response.text();
    await server.close();
    const entries = text.split('<entry>').slice(1);
    expect(entries).toHaveLength(100);
    expect(entries[0]).toContain(`<id>urn:uuid:${uuid(1_000_120)}</id>`);
    for (const entry of entries) {
      for (const element of ['<title', '<updated>', '<published>', '<link', '<content'])
        expect(entry).toContain(element);
    }
    expect(text).toMatch(
      /<feed xmlns="http:\/\/www\.w3\.org\/2005\/Atom">\n<id>.*<\/id>\n<title>.*<\/title>\n<updated>2022-02-03T01:06:18\.000Z</,
    );
    expect(isWellFormed(text)).toBe(true);
  });

  test('is a feed also with no alert, and repeats no token', async () => {
    const { get, server } = await started();
    const text = await (await get('/feed.atom?token=write-token-of-the-noc')).text();
    await server.close();
    expect(text).toContain('<updated>2022-02-03T01:04:18.000Z</updated>');
    expect(text).not.toContain('write-token');
  });

  test('stays well-formed with any text in it', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        ']]>',
        '<script>',
        '</entry>',
        '&amp',
        '"\'',
        '\u0000\u001b',
        '\ud800',
        '\ufffe',
        '\u202e',
        'x'.repeat(1000),
      ),
    );
    fc.assert(
      fc.property(hostile, hostile, hostile, (en, ko, name) => {
        const base = anIncident(1).routes[0];
        const routes = base === undefined ? [] : [{ ...base, watch: name, prefix: en }];
        const alert = anAlert(1, anIncident(1, { group: name, summary: { en, ko }, routes }));
        return isWellFormed(atomFeed([alert], `http://${name}`, START_MS));
      }),
    );
  });

  test('loses what XML cannot hold and what turns text around', () => {
    expect(xml('a\u0000b\u001bc\u202ed\u2066e\ud800f\ufffe\u{1f600}<&>"\'\t\n한')).toBe(
      'abcdef\u{1f600}&lt;&amp;&gt;&quot;&#39;\t\n한',
    );
  });
});
