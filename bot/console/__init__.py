"""The staff's pages below `/console`: server-rendered, in Chinese, with as little script as serves.

A new page is a view in a module of its subject, a line in `routes.ROUTES` with its permission, a template
that extends `layout.html` (and, if it belongs there, a line in that file's `MENU`), and its acts in
`words.yaml`:

- `async def view(visit: Visit) -> web.StreamResponse`; the guard has checked session, permission and form.
- `visit.scope` goes into every verb of the store: its statement has `scope.within(table.c.city,
  table.c.district)` in WHERE and runs with `**scope.values`. What it does not find is `raise Missing`.
- A form is `{% call form_to(path) %}…{% endcall %}` with the fields of `parts.html`; the view reads
  `visit.form` (`text`, `choice`, `many`, `fault`) and `visit.files`, answers faults by the same page with
  status 422, and success by `visit.see(path, done)`.
- `await visit.record(work, action, "thing:7", before=…, after=…)` notes it in the transaction that does it.
"""
