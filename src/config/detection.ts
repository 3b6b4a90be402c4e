/**
 * The section `detection`: times, thresholds and weights of judging, each with its default.
 */
import { DEFAULT_WEIGHTS, EVIDENCE_CODES, type Weights } from '../judge/vocabulary.ts';
import type { Item } from './item.ts';
import * as rules from './rules.ts';
import type { DetectionSettings } from './settings.ts';
import { readMap, shape } from './shape.ts';
import type { Sources } from './sources.ts';

export const DEFAULT_DETECTION: DetectionSettings = {
  resolveAfterSeconds: 300,
  updateEverySeconds: 60,
  reopenWithinHours: 24,
  noEvidenceHours: 24,
  learnAfterHours: 24,
  learnPeers: 3,
  blindAfterSeconds: 60,
  criticalScore: 8,
  warningScore: 4,
  tier1: [
    174, 209, 286, 701, 1239, 1299, 2914, 3257, 3320, 3356, 3491, 5511, 6453, 6461, 6762, 6830, 7018, 12956,
  ],
  weights: DEFAULT_WEIGHTS,
};

const detectionShape = shape(() => ({
  resolveAfterSeconds: rules.duration('seconds'),
  updateEverySeconds: rules.duration('seconds'),
  reopenWithinHours: rules.duration('hours'),
  noEvidenceHours: rules.duration('hours'),
  learnAfterHours: rules.duration('hours'),
  learnPeers: rules.wholeNumber(1, 1_000_000),
  blindAfterSeconds: rules.duration('seconds'),
  criticalScore: rules.finiteNumber(),
  warningScore: rules.finiteNumber(),
  tier1: rules.asnList(),
  weights: rules.anything(),
}));
const weightsShape = shape(() =>
  Object.fromEntries(EVIDENCE_CODES.map((code) => [code, rules.finiteNumber()])),
);

export function readDetection(item: Item | undefined, sources: Sources): DetectionSettings {
  if (item === undefined) return DEFAULT_DETECTION;
  const values = readMap(item, detectionShape(), sources.problems, { what: 'the section detection' });
  if (values === undefined || item.kind !== 'map') return DEFAULT_DETECTION;
  const weights = readWeights(item.pairs.get('weights')?.value, sources);
  const settings = { ...DEFAULT_DETECTION, ...values, weights } as DetectionSettings;
  const at = (item.pairs.get('warningScore') ?? item.pairs.get('criticalScore'))?.value.at ?? item.at;
  if (settings.warningScore > settings.criticalScore)
    sources.problems.add(
      at,
      `warningScore ${settings.warningScore} is above criticalScore ${settings.criticalScore}`,
      'keep it below or equal',
    );
  return settings;
}

function readWeights(item: Item | undefined, sources: Sources): Weights {
  if (item === undefined || (item.kind === 'scalar' && item.value === null)) return DEFAULT_WEIGHTS;
  const values = readMap(item, weightsShape(), sources.problems, { what: 'a map of weights' });
  return { ...DEFAULT_WEIGHTS, ...values };
}
