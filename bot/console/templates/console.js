// A part of a page with data-poll="address" is read again every data-every seconds, until what comes has none;
// one with data-last then lets its whole page be read again. A conversation shows its end, and what is wider
// than the page can be moved by the keyboard.
const shown = (part) => {
  for (const one of document.querySelectorAll(".scroll")) {
    if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
    else one.removeAttribute("tabindex");
  }
  if (part.matches(".talk")) part.scrollTop = part.scrollHeight;
};
shown(document.body);
document.querySelectorAll(".talk").forEach(shown);
addEventListener("resize", () => shown(document.body));
document.querySelectorAll("[data-poll]").forEach(function follow(part) {
  setTimeout(async () => {
    try {
      const answer = await fetch(part.dataset.poll, { headers: { Accept: "text/html" } });
      if (answer.redirected) return location.reload();
      if (answer.ok) {
        const holder = document.createElement("template");
        holder.innerHTML = await answer.text();
        const next = holder.content.firstElementChild;
        part.replaceWith(next);
        part = next;
        shown(part);
        if (!part.dataset.poll && "last" in part.dataset) return location.reload();
      }
    } catch { /* the connection is gone: try again at the next turn */ }
    if (part.dataset.poll) follow(part);
  }, 1000 * (part.dataset.every || 3));
});
