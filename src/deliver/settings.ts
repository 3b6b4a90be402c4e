/**
 * Reading one receiver's settings. `config/` checked them; what is still wrong here is said by name and without the
 * value. Secrets are objects with `reveal`; an address may be either.
 */
import type { ReceiverConfig, SecretText } from './receiver.ts';

function isSecret(value: unknown): value is SecretText {
  return (
    typeof value === 'object' && value !== null && 'reveal' in value && typeof value.reveal === 'function'
  );
}

/** The text of a plain string or a secret; undefined when absent or empty. */
export function optionalText(config: ReceiverConfig, key: string): string | undefined {
  const value = config[key];
  const text = isSecret(value) ? value.reveal() : value;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

export function requiredText(config: ReceiverConfig, key: string): string {
  const text = optionalText(config, key);
  if (text === undefined) throw new Error(`receiver ${config.name}: ${key} is missing`);
  return text;
}

/** An http or https address; its value is never part of the error. */
export function requiredUrl(config: ReceiverConfig, key: string): string {
  return checkedUrl(config, key, requiredText(config, key));
}

export function optionalUrl(config: ReceiverConfig, key: string, fallback: string): string {
  return checkedUrl(config, key, optionalText(config, key) ?? fallback);
}

function checkedUrl(config: ReceiverConfig, key: string, text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new Error(`receiver ${config.name}: ${key} is not an http(s) URL`);
}

export function optionalNumber(config: ReceiverConfig, key: string): number | undefined {
  const value = config[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

export function optionalBoolean(config: ReceiverConfig, key: string): boolean | undefined {
  const value = config[key];
  return typeof value === 'boolean' ? value : undefined;
}

/** A list of texts, or one text as a list of one. */
export function requiredTexts(config: ReceiverConfig, key: string): readonly string[] {
  const value = config[key];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = list.map((item) => (isSecret(item) ? item.reveal() : item));
  if (texts.length > 0 && texts.every((text) => typeof text === 'string' && text !== '')) {
    return texts as readonly string[];
  }
  throw new Error(`receiver ${config.name}: ${key} is missing`);
}

/** A map of names to texts, each plain or hidden; empty when absent. */
export function hiddenTexts(config: ReceiverConfig, key: string): Readonly<Record<string, string>> {
  const value = config[key];
  if (typeof value !== 'object' || value === null || isSecret(value)) return {};
  const texts = Object.entries(value).map(([name, text]) => [
    name,
    isSecret(text) ? text.reveal() : String(text),
  ]);
  return Object.fromEntries(texts) as Record<string, string>;
}
