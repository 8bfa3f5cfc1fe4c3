// One line of a chat as an element, by its kind.
import { away, el, icon, rich } from "/page/text.js";

const NOTES = {
  followed: "你已关注服务号",
  unfollowed: "你已取消关注",
  unavailable: "该公众号提供的服务出现故障，请稍后再试",
};
const KINDS = { image: "图片", voice: "语音", video: "视频", music: "音乐", wxcard: "卡券", miniprogrampage: "小程序" };

const voice = (entry) => [
  el("div", { class: "bubble", "data-side": entry.side, "data-kind": "voice" }, icon("wave"), `${Math.max(1, Math.round(entry.text.length / 4))}″`),
  ...(entry.text ? [el("div", { class: "heard" }, entry.text)] : []),
];

const sheet = (entry, ...content) =>
  [el("div", { class: "bubble sheet", "data-side": entry.side, "data-kind": entry.kind }, ...content)];

const article = ({ title = "", description = "", url = "" }) => [
  el("strong", {}, title),
  ...(description ? [el("small", {}, description)] : []),
  ...(url ? [el("small", { class: "foot" }, away(url, "查看全文"))] : []),
];

const menu = (entry, choose) => sheet(
  entry,
  el("strong", {}, rich(entry.data.head_content || "", choose)),
  ...entry.data.list.map(({ id, content }) =>
    el("button", { type: "button", class: "choice", onclick: () => choose(content, String(id)) }, content)),
  ...(entry.data.tail_content ? [el("small", {}, entry.data.tail_content)] : []),
);

const content = (entry, choose) => {
  switch (entry.kind) {
    case "voice": return voice(entry);
    case "location": return sheet(entry, el("strong", {}, icon("location"), ` ${entry.text}`), el("small", {}, "位置"));
    case "link": return sheet(entry, ...article({ ...entry.data, title: entry.text }));
    case "news": return sheet(entry, ...entry.data.articles.flatMap(article));
    case "msgmenu": return menu(entry, choose);
    case "image":
      if (entry.data.url) {
        return [el("div", { class: "bubble", "data-side": entry.side, "data-kind": "image" }, el("img", { src: entry.data.url, alt: "图片", width: 160, height: 120 }))];
      }
  }
  const text = entry.text || `［${KINDS[entry.kind] || entry.kind}］`;
  return [el("div", { class: "bubble", "data-side": entry.side, "data-kind": entry.kind }, rich(text, choose))];
};

// `faces` gives the picture of either side; `choose(text, id)` says a pressed choice.
export const bubble = (entry, faces, choose) => {
  if (entry.side === "system") return el("div", { class: "note", "data-kind": entry.kind }, NOTES[entry.kind] || entry.kind);
  const said = el("div", { class: "said" }, ...content(entry, choose));
  return el("div", { class: `row ${entry.side}`, "data-seq": entry.seq }, faces(entry.side), said);
};

export const face = (person) => {
  const first = [...person.nickname][0] || "人";
  return el("span", { class: `face c${first.codePointAt(0) % 6}`, "aria-hidden": "true" }, first);
};

export const accountFace = () => el("span", { class: "face", "aria-hidden": "true" }, el("img", { src: "/page/icon.svg", alt: "" }));
