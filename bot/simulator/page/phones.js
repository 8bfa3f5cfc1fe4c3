// The first few people side by side; each phone can be handed to somebody else by its own list.
import { el } from "/page/text.js";
import { ask } from "/page/wire.js";

const MOST = 4; // a browser keeps six connections to one host, and every phone listens on one
const fitting = Math.min(MOST, Math.max(2, Math.floor(innerWidth / 390)));
const { people } = await ask("state");
document.body.append(...people.slice(0, fitting).map(({ openid, nickname }) =>
  el("iframe", { src: `/?phone=${encodeURIComponent(openid)}`, title: `${nickname}的手机` })));
