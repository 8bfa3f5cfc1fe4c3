// Service time, shown as it is in China whatever the visitor's own zone.
const OFFSET = 8 * 3600_000;
const DAY = 86_400_000;
const WEEK = "日一二三四五六";

const part = (moment) => {
  const d = new Date(moment + OFFSET);
  const two = (n) => String(n).padStart(2, "0");
  return {
    year: d.getUTCFullYear(), month: d.getUTCMonth() + 1, day: d.getUTCDate(), week: WEEK[d.getUTCDay()],
    clock: `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`,
  };
};
const midnight = (moment) => Math.floor((moment + OFFSET) / DAY);

export const clockTime = (moment) => part(moment).clock;

export const fullTime = (moment) => {
  const p = part(moment);
  return `${p.year}年${p.month}月${p.day}日 周${p.week} ${p.clock}`;
};

export const inputTime = (moment) => new Date(moment + OFFSET).toISOString().slice(0, 16);
export const fromInput = (text) => `${text}:00+08:00`;

// As the app separates messages: the hour today, 昨天, the weekday, else the date.
export const chatTime = (moment, now) => {
  const p = part(moment);
  const days = midnight(now) - midnight(moment);
  if (days === 0) return p.clock;
  if (days === 1) return `昨天 ${p.clock}`;
  if (days > 1 && days < 7) return `星期${p.week} ${p.clock}`;
  return `${p.year}年${p.month}月${p.day}日 ${p.clock}`;
};

// A clock that runs on at `rate` from the last reading.
export class Clock {
  constructor() { this.set({ now: new Date().toISOString(), rate: 1 }); }
  set({ now, rate }) { this.base = Date.parse(now); this.rate = rate; this.read = performance.now(); }
  get now() { return this.base + (performance.now() - this.read) * this.rate; }
}
