// The command palette: the pages that /find lists, the buttons of this page, and
// the customers that fit two letters or more.
// Returns a function that opens it and says whether it could.
export function palette() {
  const dialog = document.getElementById("palette");
  if (!dialog) return () => false;
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("ul");
  let items, customers = [], chosen = 0, asked = 0, timer;

  const links = (page, selector) => [...page.querySelectorAll(selector)].map((a) =>
    ({ name: a.textContent, note: a.nextElementSibling?.textContent ?? "", href: a.getAttribute("href"), run: () => location.assign(a.getAttribute("href")) }));

  const find = async (query) => {
    const answer = await fetch(`/find?q=${encodeURIComponent(query)}`, { headers: { Accept: "text/html" } });
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  };

  // Only the answer to what was typed last counts.
  const ask = async () => {
    const query = input.value.trim(), turn = ++asked;
    const page = query.length < 2 ? null : await find(query);
    if (turn !== asked) return;
    customers = page ? links(page, "#customers a") : [];
    show();
  };

  const load = async () => {
    const found = [];
    for (const el of document.querySelectorAll("main .actions .btn:not([disabled])")) {
      const name = el.firstChild?.textContent.trim() || el.textContent.trim();
      if (name) found.push({ name, run: () => el.click() });
    }
    const page = await find("");
    if (page) found.push(...links(page, "#found a"));
    return found;
  };

  const fitting = () => [...items.filter((i) => i.name.toLowerCase().includes(input.value.trim().toLowerCase())), ...customers];

  const show = () => {
    const found = fitting();
    chosen = Math.max(0, Math.min(chosen, found.length - 1));
    list.replaceChildren(...found.map((item, i) => {
      const li = document.createElement("li");
      li.id = `palette-${i}`;
      li.setAttribute("role", "option");
      li.setAttribute("aria-selected", String(i === chosen));
      const a = document.createElement("a");
      a.href = item.href ?? "#";
      a.tabIndex = -1;
      a.textContent = item.name;
      if (item.note) {
        const note = document.createElement("small");
        note.textContent = item.note;
        a.append(note);
      }
      a.addEventListener("click", (event) => {
        event.preventDefault();
        dialog.close();
        item.run();
      });
      li.append(a);
      return li;
    }));
    input.setAttribute("aria-activedescendant", found.length ? `palette-${chosen}` : "");
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  };

  input.addEventListener("input", () => {
    chosen = 0;
    show();
    clearTimeout(timer);
    timer = setTimeout(ask, 150);
  });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      chosen += step;
      show();
    } else if (event.key === "Enter" && fitting()[chosen]) {
      event.preventDefault();
      const item = fitting()[chosen];
      dialog.close();
      item.run();
    }
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  return () => {
    if (dialog.open) return false;
    input.value = "";
    chosen = 0;
    customers = [];
    dialog.showModal();
    input.focus();
    load().then((found) => { items = found; show(); });
    items ??= [];
    return true;
  };
}
