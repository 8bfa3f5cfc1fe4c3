// The bar at the bottom: text and voice, the published menu, and what else one can send.
import { el, icon } from "/page/text.js";
import { $ } from "/page/wire.js";

const unspoken = (text) => text.replace(/[\p{P}\p{S}]/gu, "").replace(/\s+/g, "");

export const setUpBar = ({ act }) => {
  const say = $("say");
  const mode = { voice: false, menu: false, published: false };

  const fit = () => {
    say.style.height = "40px";
    say.style.height = `${Math.min(say.scrollHeight, 132)}px`;
    $("send").hidden = !say.value.trim();
    $("to-more").hidden = !$("send").hidden;
  };
  const show = () => {
    $("menu").hidden = !(mode.published && mode.menu);
    $("composer").hidden = !$("menu").hidden;
    $("to-menu").hidden = !mode.published;
    $("to-voice").setAttribute("aria-pressed", mode.voice);
    $("to-voice").setAttribute("aria-label", mode.voice ? "打字" : "说语音");
    $("to-voice").replaceChildren(icon(mode.voice ? "keys" : "voice"));
    say.placeholder = mode.voice ? "说的话，转写没有标点" : "";
  };
  const tiles = (open) => {
    $("tiles").hidden = !open;
    $("to-more").setAttribute("aria-expanded", open);
  };
  const closeSubs = (except) => {
    for (const sub of document.querySelectorAll(".sub")) {
      if (sub === except) continue;
      sub.hidden = true;
      sub.previousElementSibling.setAttribute("aria-expanded", "false");
    }
  };

  $("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = say.value;
    if (!text.trim()) return;
    say.value = "";
    fit();
    if (mode.voice) act("voice", { recognition: unspoken(text) });
    else act("text", { text });
  });
  say.addEventListener("keydown", (event) => {
    const composing = event.isComposing || event.keyCode === 229; // 229: Safari ends a composition with a plain Enter
    if (event.key === "Enter" && !event.shiftKey && !composing) {
      event.preventDefault();
      $("composer").requestSubmit();
    }
  });
  say.addEventListener("input", fit);
  say.addEventListener("focus", () => tiles(false));
  $("to-more").addEventListener("click", () => tiles($("tiles").hidden));
  $("to-voice").addEventListener("click", () => { mode.voice = !mode.voice; show(); say.focus(); });
  $("to-menu").addEventListener("click", () => { mode.menu = true; tiles(false); show(); $("menu").querySelector("button").focus(); });
  document.addEventListener("click", (event) => closeSubs(event.target.closest(".top")?.querySelector(".sub")));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeSubs(); });

  const press = (button) => {
    closeSubs();
    if (button.type === "view") window.open(button.url, "_blank", "noopener");
    act("menu", { button: button.key ?? button.url ?? "" });
  };
  const top = (button) => {
    if (!button.sub_button.length) return el("div", { class: "top" }, el("button", { type: "button", onclick: () => press(button) }, button.name));
    const sub = el("div", { class: "sub", hidden: true },
      ...button.sub_button.map((part) => el("button", { type: "button", onclick: () => press(part) }, part.name)));
    const open = el("button", { type: "button", "aria-expanded": "false", onclick: () => {
      sub.hidden = !sub.hidden;
      open.setAttribute("aria-expanded", !sub.hidden);
    } }, icon("lines"), button.name);
    return el("div", { class: "top" }, open, sub);
  };

  show();
  return {
    menu(buttons) {
      mode.published = buttons.length > 0;
      const back = el("button", { type: "button", class: "icon", "aria-label": "打字", onclick: () => { mode.menu = false; show(); say.focus(); } }, icon("keys"));
      $("menu").replaceChildren(back, ...buttons.map(top));
      show();
    },
    tiles(items) {
      $("tiles").replaceChildren(...items.map(({ name, label, send }) =>
        el("button", { type: "button", onclick: () => { tiles(false); send(); } }, el("span", { class: "tile" }, icon(name)), label)));
    },
    following(yes) {
      $("follow-bar").hidden = yes;
      $("composer").hidden = !yes;
      $("menu").hidden = true;
      if (yes) show();
      else tiles(false);
    },
  };
};
