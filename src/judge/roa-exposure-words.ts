/**
 * The sentences of `roa-exposure.ts`, in English and Korean: what is open, and what the owner of the space can do.
 */
import type { Vrp } from '../bgp/vrp.ts';
import { josa } from '../words/korean.ts';
import type { ExposureCode } from './roa-exposure.ts';
import type { Words } from './vocabulary.ts';

interface Facts {
  readonly code: ExposureCode;
  readonly prefix: string;
  readonly origins: readonly number[];
  readonly vrps: readonly Vrp[];
  readonly announcedLength: number;
}

/** As many VRPs as a sentence names. */
const NAMED_MAX = 3;

/** `length` is that of the prefix itself. */
export function exposureWords(facts: Facts, length: number): Words {
  switch (facts.code) {
    case 'open-maxlength':
      return openWords(facts);
    case 'no-roa':
      return noRoaWords(facts);
    case 'invalid-origin':
      return invalidWords(facts, length);
  }
}

function openWords({ prefix, origins, vrps, announcedLength }: Facts): Words {
  const who = asNames(origins);
  const roas = roaNames(vrps);
  const down = Math.max(...vrps.map((vrp) => vrp.maxLength));
  return {
    en:
      `${prefix}: the ROA ${roas} lets ${who} announce down to /${down}, but not all of that is announced` +
      ` (known down to /${announcedLength}). Whoever forges ${who} as the origin can take the more specifics,` +
      ' and RPKI calls them valid (RFC 9319). Lower maxLength to what is announced.',
    ko:
      `${prefix}: ROA ${roas} 때문에 ${who}의 /${down}까지의 광고가 허용되지만, 그 전부가 광고되고 있지는 않습니다` +
      ` (알려진 것은 /${announcedLength}까지). 오리진 AS를 ${josa(who, '으로로')} 위조하면 더 구체적인 프리픽스를 가로챌 수 있고` +
      ' RPKI는 이를 유효로 판정합니다(RFC 9319). maxLength를 실제로 광고하는 길이로 낮추십시오.',
  };
}

function noRoaWords({ prefix, origins }: Facts): Words {
  const who = asNames(origins);
  return {
    en: `${prefix}: no ROA covers it, so RPKI stops nobody from announcing it. Create one for ${who}.`,
    ko: `${prefix}: 이를 덮는 ROA가 없어, 누가 광고하더라도 RPKI로 막을 수 없습니다. ${who}에 대한 ROA를 만드십시오.`,
  };
}

function invalidWords({ prefix, origins, vrps }: Facts, length: number): Words {
  const who = asNames(origins);
  const roas = roaNames(vrps);
  if (vrps[0]?.asn === origins[0] && origins[0] !== 0) {
    return {
      en:
        `${prefix}: ${who} is expected to announce it, but its ROA ${roas} ends at /${vrps[0]?.maxLength}:` +
        ` networks that validate drop it. Raise maxLength to ${length}, or create a ROA for the prefix itself.`,
      ko:
        `${prefix}: ${who}의 광고가 예상되지만 ROA ${roas}의 maxLength가 /${vrps[0]?.maxLength}까지여서, 검증하는 망에서` +
        ` 버려집니다. maxLength를 ${josa(String(length), '으로로')} 늘리거나 이 프리픽스에 대한 ROA를 만드십시오.`,
    };
  }
  return {
    en:
      `${prefix}: ${who} is expected to announce it, but the ROAs that cover it name others (${roas}):` +
      ' networks that validate drop it. Create a ROA for it, or correct the watchlist.',
    ko:
      `${prefix}: ${who}의 광고가 예상되지만 이를 덮는 ROA에는 다른 AS만 있어(${roas}) 검증하는 망에서 버려집니다.` +
      ' ROA를 만들거나 감시 목록을 고치십시오.',
  };
}

function asNames(asns: readonly number[]): string {
  return asns.map((asn) => `AS${asn}`).join(', ');
}

/** `211.249.216.0/21-24 AS7625`, as RPKI tools print VRPs. */
function roaNames(vrps: readonly Vrp[]): string {
  const named = vrps.slice(0, NAMED_MAX).map((vrp) => `${vrp.prefix.text}-${vrp.maxLength} AS${vrp.asn}`);
  return named.concat(vrps.length > NAMED_MAX ? ['…'] : []).join(', ');
}
