// What somebody wrote, as nodes: nothing is ever parsed as HTML. Only the forms of link that the app knows become links.
const LINK = new RegExp([
  /<a\s[^>]*?href\s*=\s*(["'])(.*?)\1[^>]*>([\s\S]*?)<\/a>/,
  /(https?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]*[\w\-~/?#@$&*+=%])/,
  /((?<![\d-])(?:0\d{2,3}-?\d{7,8}|1[3-9]\d{9}|[5-8]\d{7})(?![\d-]))/,
].map((form) => form.source).join("|"), "gi");

export const el = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") node.addEventListener("click", value);
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
};

export const icon = (name) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  svg.firstChild.setAttribute("href", `#i-${name}`);
  return svg;
};

export const away = (url, label) => {
  const web = /^https?:\/\//i.test(url);
  if (!web && !/^tel:[\d-]+$/.test(url)) return document.createTextNode(label);
  return el("a", { href: url, ...(web ? { target: "_blank", rel: "noopener noreferrer" } : {}) }, label);
};

// `choose(text, id)` is called for the app's own links weixin://bizmsgmenu?msgmenucontent=…&msgmenuid=….
const anchor = (url, label, choose) => {
  const menu = url.match(/^weixin:\/\/bizmsgmenu\?(.*)$/i);
  if (!menu) return away(url, label);
  const asked = new URLSearchParams(menu[1]);
  const text = asked.get("msgmenucontent") || label;
  return el("a", { href: "#say", onclick: (event) => { event.preventDefault(); choose(text, asked.get("msgmenuid") || ""); } }, label);
};

export const rich = (text, choose) => {
  const nodes = document.createDocumentFragment();
  let end = 0;
  for (const found of text.matchAll(LINK)) {
    const [whole, , href, label, url, phone] = found;
    nodes.append(text.slice(end, found.index));
    if (href !== undefined) nodes.append(anchor(href, label, choose));
    else if (url) nodes.append(away(url, url));
    else nodes.append(away(`tel:${phone}`, phone));
    end = found.index + whole.length;
  }
  nodes.append(text.slice(end));
  return nodes;
};
