// The first few people side by side, or those in whose names are the words of `?of=`; each phone can be handed to
// somebody else by its own list.
import { el } from "/page/text.js";
import { ask } from "/page/wire.js";

const MOST = 4; // a browser keeps six connections to one host, and every phone listens on one
const fitting = Math.min(MOST, Math.max(2, Math.floor(innerWidth / 390)));
const wanted = new URLSearchParams(location.search).get("of") ?? "";
const { people } = await ask("state");
const shown = people.filter(({ nickname }) => nickname.includes(wanted)).slice(0, fitting);
document.querySelector("main").append(...shown.map(({ openid, nickname }) =>
  el("iframe", { src: `/?phone=${encodeURIComponent(openid)}`, title: `${nickname}的手机` })));
