// A part of a page with data-poll="address" is read again every data-every seconds, until what comes has none;
// one with data-last then lets its whole page be read again. A conversation shows its end.
const shown = (part) => { if (part.matches(".talk")) part.scrollTop = part.scrollHeight; };
document.querySelectorAll(".talk").forEach(shown);
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
