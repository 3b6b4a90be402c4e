/**
 * One text in both languages of the people who read us. Outside strings in it are raw: whoever renders escapes.
 */
export interface Words {
  readonly en: string;
  readonly ko: string;
}
