/** Two short tones for a new critical incident. Browsers allow sound only after the first click or key. */
export interface Sound {
  /** After the first click or key, and when switched on. */
  unlock(): void;
  play(): void;
}

const TONES = [
  { hertz: 880, atSeconds: 0 },
  { hertz: 660, atSeconds: 0.22 },
  { hertz: 880, atSeconds: 0.44 },
];
const TONE_SECONDS = 0.18;

export function createSound(): Sound {
  let context: AudioContext | undefined;
  const unlock = (): void => {
    context ??= new AudioContext();
    if (context.state === 'suspended') void context.resume().catch(() => undefined);
  };
  return {
    unlock,
    play() {
      unlock();
      if (context === undefined || context.state !== 'running') return;
      for (const { hertz, atSeconds } of TONES) tone(context, hertz, context.currentTime + atSeconds);
    },
  };
}

function tone(context: AudioContext, hertz: number, at: number): void {
  const oscillator = context.createOscillator();
  const volume = context.createGain();
  oscillator.frequency.value = hertz;
  volume.gain.setValueAtTime(0.0001, at);
  volume.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + TONE_SECONDS);
  oscillator.connect(volume).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + TONE_SECONDS);
}
