// The page: who I am, what was said, and everything around the phone.
import { setUpBar } from "/page/bar.js";
import { accountFace, bubble, face } from "/page/bubbles.js";
import { showLine } from "/page/line.js";
import { el } from "/page/text.js";
import { Clock, chatTime, clockTime, fromInput, fullTime, inputTime } from "/page/time.js";
import { $, ask, attempt, listen } from "/page/wire.js";

const APART = 5 * 60_000; // a pause after which the chat shows the time again
const PENDING = 350; // ms before an answer that is under way shows as typing
const clock = new Clock();
const people = new Map();
const seen = JSON.parse(localStorage.getItem("seen") || "{}");
const typing = new Map(); // openid -> timer that ends it
const words = await ask("words");
const held = new URLSearchParams(location.search).get("phone"); // whose phone this is, among several side by side
let me = held || sessionStorage.getItem("me");
let wanted = me; // who is being fetched: the last one tapped wins
let chat = [];
const arrived = new Map(); // openid -> lines that came while its chat was being fetched
let mode = "safe";
let push = null;

const act = (what, body) => attempt(`people/${me}/${what}`, body);
const choose = (text, id) => act("text", id ? { text, choice: id } : { text });
const bar = setUpBar({ act });

// The chat

const faces = (side) => (side === "person" ? face(people.get(me)) : accountFace());

const drawEntry = (entry) => {
  const at = Date.parse(entry.at);
  const separators = [...$("messages").querySelectorAll(".time")];
  const shown = separators.length ? Number(separators.at(-1).dataset.at) : -Infinity;
  if (Math.abs(at - shown) > APART) $("messages").append(el("div", { class: "time", "data-at": at }, chatTime(at, clock.now)));
  $("messages").append(bubble(entry, faces, choose));
};

const drawEmpty = () => {
  if (!people.get(me).followed && !chat.length) {
    $("messages").append(el("div", { class: "profile" },
      el("img", { src: "/page/icon.svg", alt: "", width: 72, height: 72 }),
      el("strong", {}, words.account.name), el("p", { class: "soft" }, words.account.intro)));
  }
};

const drawExamples = () => {
  $("examples")?.remove();
  if (!people.get(me).followed || chat.some((entry) => entry.side === "person")) return;
  $("messages").append(el("div", { id: "examples" }, el("p", {}, "点一句试试"),
    ...words.examples.map((text) => el("button", { type: "button", onclick: () => act("text", { text }) }, text))));
};

// To the end; but an answer longer than the screen is shown from its question on, to be read.
const settle = () => {
  const box = $("messages");
  box.scrollTop = box.scrollHeight;
  const newest = [...box.querySelectorAll(".row")].at(-1);
  if (!newest?.classList.contains("account")) return;
  const asked = newest.previousElementSibling;
  const first = asked?.classList.contains("person") && asked.offsetHeight < box.clientHeight / 3 ? asked : newest;
  const hidden = box.getBoundingClientRect().top + 12 - first.getBoundingClientRect().top;
  if (hidden > 0) box.scrollTop -= hidden;
};

const drawChat = () => {
  $("messages").replaceChildren();
  drawEmpty();
  chat.forEach(drawEntry);
  drawExamples();
  settle();
};

const markSeen = () => {
  if (chat.length) seen[me] = chat.at(-1).seq;
  localStorage.setItem("seen", JSON.stringify(seen));
};

// People

const lastWords = ({ last, followed }) => {
  if (!last) return followed ? "还没有问过" : "还没有关注";
  return last.text || { image: "［图片］", voice: "［语音］", news: "［图文］", msgmenu: "［选项］", followed: "已关注", unfollowed: "已取消关注", unavailable: "［服务出现故障］" }[last.kind] || `［${last.kind}］`;
};

const drawPeople = () => {
  $("people").replaceChildren(...[...people.values()].map((person) => {
    const unread = person.openid !== me && person.last?.side === "account" && person.last.seq > (seen[person.openid] || 0);
    return el("li", {}, el("button", { type: "button", "aria-current": person.openid === me && "true", onclick: () => { become(person.openid); close(); } },
      face(person),
      el("span", { class: "name" }, person.nickname, el("small", {}, person.note)),
      ...(unread ? [el("span", { class: "dot", role: "img", "aria-label": "有新消息" })] : []),
      el("span", { class: "last" }, lastWords(person))));
  }));
};

const drawMe = () => {
  const person = people.get(me);
  $("who").textContent = `以「${person.nickname}」的身份`;
  $("me").textContent = person.nickname;
  $("me-note").textContent = [person.note, person.followed ? "正在关注" : "没有关注"].filter(Boolean).join("，");
  $("unfollow").textContent = person.followed ? "取消关注" : "关注服务号";
  bar.following(person.followed);
};

// A page that is opened from here asks whose phone it was: the phone touched last.
document.addEventListener("click", () => { document.cookie = `phone=${me}; path=/; samesite=lax`; }, true);

const become = async (openid) => {
  wanted = openid;
  arrived.set(openid, []);
  const person = await attempt(`people/${openid}`);
  if (!person || wanted !== openid) return;
  me = openid;
  if (!held) sessionStorage.setItem("me", me);
  chat = person.chat;
  for (const entry of arrived.get(me)) if (!chat.some(({ seq }) => seq === entry.seq)) chat.push(entry);
  arrived.delete(me);
  markSeen();
  drawMe();
  drawPeople();
  drawChat();
  drawTitle();
};

$("follow").addEventListener("click", () => act("follow", {}));
$("unfollow").addEventListener("click", () => act(people.get(me).followed ? "unfollow" : "follow", {}));
$("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const person = await attempt("people", { nickname: $("add-name").value.trim(), note: "" });
  if (!person) return;
  $("add").reset();
  await become(person.openid);
  close();
});

// Typing, in the title as the app shows it

const drawTitle = () => { $("title").textContent = typing.has(me) ? "对方正在输入..." : words.account.name; };
const setTyping = (openid, on, lasts = 15_000) => {
  clearTimeout(typing.get(openid));
  typing.delete(openid);
  if (on) typing.set(openid, setTimeout(() => setTyping(openid, false), lasts));
  drawTitle();
};
const pending = new Map();
const RECEIPT = /JOBFINISH$|_sent_event$/; // about the account's own message: nobody waits for an answer
const showPending = ({ id, openid, outcome }) => {
  if (outcome === "pending") {
    pending.set(id, setTimeout(() => setTyping(openid, true, 20_000), PENDING));
  } else if (pending.has(id)) {
    clearTimeout(pending.get(id));
    pending.delete(id);
    setTyping(openid, false);
  }
};

// The service's clock

const drawClock = () => {
  const now = clock.now;
  $("status-time").textContent = clockTime(now);
  for (const place of document.querySelectorAll(".now")) place.textContent = fullTime(now);
};
const setClock = (reading) => {
  clock.set(reading);
  const rate = { 1: "照常走", 60: "一秒走一分钟", 3600: "一秒走一小时" }[reading.rate] || `快 ${reading.rate} 倍`;
  for (const place of document.querySelectorAll(".rate")) place.textContent = rate;
  for (const button of $("rates").children) button.setAttribute("aria-pressed", Number(button.dataset.rate) === reading.rate);
  if (document.activeElement !== $("moment")) $("moment").value = inputTime(clock.now);
  drawClock();
};
const moveClock = async (change) => {
  const reading = await attempt("clock", change);
  if (!reading) return;
  setClock(reading);
  drawChat();
};
const startClock = async (settable) => {
  for (const place of document.querySelectorAll(".clock-only")) place.hidden = !settable;
  if (settable) setClock(await ask("clock").catch(() => ({ now: new Date(clock.now).toISOString(), rate: clock.rate })));
};
$("rates").addEventListener("click", ({ target }) => target.dataset.rate && moveClock({ rate: Number(target.dataset.rate) }));
for (const button of document.querySelectorAll("[data-skip]")) {
  button.addEventListener("click", () => moveClock({ now: new Date(clock.now + button.dataset.skip * 1000).toISOString() }));
}
$("set-clock").addEventListener("submit", (event) => { event.preventDefault(); moveClock({ now: fromInput($("moment").value) }); });
$("moments").append(...words.moments.map(({ label, at }) => el("button", { type: "button", onclick: () => moveClock({ now: at }) }, label)));
setInterval(drawClock, 500);

// Drawers, on a narrow screen

const drawers = { back: "cast", more: "side", "clock-strip": "side" };
const close = () => {
  for (const [opener, panel] of Object.entries(drawers)) {
    if ($(opener).getAttribute("aria-expanded") === "true") $(opener).focus();
    $(panel).classList.remove("open");
    $(opener).setAttribute("aria-expanded", "false");
  }
};
for (const [opener, panel] of Object.entries(drawers)) {
  $(opener).addEventListener("click", () => {
    $(panel).classList.add("open");
    $(opener).setAttribute("aria-expanded", "true");
    $(panel).querySelector("[data-close]").focus();
  });
}
for (const closer of document.querySelectorAll("[data-close]")) closer.addEventListener("click", close);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });

// What else one can send

bar.tiles([
  { name: "image", label: "图片", send: () => act("image", { url: new URL("/page/picture.svg", location).href }) },
  ...words.places.map(({ name, ...place }) => ({ name: "location", label: name, send: () => act("location", place) })),
  { name: "link", label: "链接", send: () => act("link", words.link) },
  { name: "scan", label: "扫码", send: () => act("scan", { scene: words.scene }) },
]);

listen({
  snapshot(state) {
    mode = state.account.mode;
    people.clear();
    for (const person of state.people) people.set(person.openid, person);
    if (!people.has(me)) me = state.people[0].openid;
    clock.set({ now: state.now, rate: clock.rate });
    bar.menu(state.menu);
    if (state.push) showLine($("line-body"), (push = state.push), mode);
    startClock(state.clock).then(() => become(me)).then(() => document.body.classList.remove("waiting"));
  },
  entry({ openid, entry }) {
    people.get(openid).last = entry;
    arrived.get(openid)?.push(entry);
    if (openid === me && !chat.some(({ seq }) => seq === entry.seq)) {
      chat.push(entry);
      markSeen();
      $("examples")?.remove();
      document.querySelector(".profile")?.remove();
      drawEntry(entry);
      drawExamples();
      settle();
    }
    if (entry.channel === "custom" && push) showLine($("line-body"), (push = { ...push, custom: true }), mode);
    drawPeople();
  },
  person(person) {
    people.set(person.openid, person);
    drawPeople();
    if (person.openid === me) drawMe();
  },
  typing: ({ openid, on }) => setTyping(openid, on),
  menu: (buttons) => { bar.menu(buttons); if (people.has(me)) drawMe(); },
  push(told) {
    if (!RECEIPT.test(told.kind)) showPending(told);
    showLine($("line-body"), (push = told), mode);
  },
  clock: setClock,
});
