// One line of a chat as an element, by its kind.
import { away, el, icon, rich } from "/page/text.js";

const NOTES = {
  followed: "你已关注服务号",
  unfollowed: "你已取消关注",
  unavailable: "该公众号提供的服务出现故障，请稍后再试",
};
const NOTICES = { template: "服务通知", subscribe: "订阅通知" };
const WIDE = new Set(["template", "subscribe", "mass"]); // channels whose messages have no face beside them
const KINDS = { mpnews: "图文", mpvideo: "视频", image: "图片", voice: "语音", video: "视频", music: "音乐", wxcard: "卡券", miniprogrampage: "小程序" };

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

const notice = (entry) => {
  const { title, lines, link } = entry.data;
  const opens = typeof link === "string" && link ? away(link, "查看详情") : null;
  return sheet(
    entry,
    el("small", {}, NOTICES[entry.channel]),
    el("strong", {}, title),
    el("dl", {}, ...lines.flatMap(([label, value]) => [el("dt", {}, label), el("dd", {}, value)])),
    ...(opens ? [el("small", { class: "foot" }, opens)] : []),
  );
};

// A text to many reads as an article: its first line is the heading.
const mass = (entry, choose) => {
  const [heading, ...rest] = entry.text.split("\n");
  return sheet(entry, el("strong", {}, heading), el("p", {}, rich(rest.join("\n").trim(), choose)));
};

const content = (entry, choose) => {
  if (entry.channel === "mass" && entry.kind === "text") return mass(entry, choose);
  switch (entry.kind) {
    case "voice": return voice(entry);
    case "location": return sheet(entry, el("strong", {}, icon("location"), ` ${entry.text}`), el("small", {}, "位置"));
    case "link": return sheet(entry, ...article({ ...entry.data, title: entry.text }));
    case "news": return sheet(entry, ...entry.data.articles.flatMap(article));
    case "msgmenu": return menu(entry, choose);
    case "template": return notice(entry);
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
  if (WIDE.has(entry.channel)) return el("div", { class: `row ${entry.side} wide`, "data-seq": entry.seq }, said);
  return el("div", { class: `row ${entry.side}`, "data-seq": entry.seq }, faces(entry.side), said);
};

export const face = (person) => {
  const first = [...person.nickname][0] || "人";
  return el("span", { class: `face c${first.codePointAt(0) % 6}`, "aria-hidden": "true" }, first);
};

export const accountFace = () => el("span", { class: "face", "aria-hidden": "true" }, el("img", { src: "/page/icon.svg", alt: "" }));
