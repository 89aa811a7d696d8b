// The editor of definitions: colours, problems at their places, names that can stand there. And templates that are rendered
// while they are typed. Both work without script, too.
(() => {
  const make = (tag, name, text) => {
    const e = document.createElement(tag);
    if (name) e.className = name;
    if (text) e.textContent = text;
    return e;
  };
  const later = (ms, act) => {
    let timer;
    return () => { clearTimeout(timer); timer = setTimeout(act, ms); };
  };
  const send = (form, path, extra) => {
    const body = new URLSearchParams(new FormData(form));
    for (const name in extra) body.set(name, extra[name]);
    return fetch(path, { method: "POST", body, headers: { Accept: "application/json" } }).then((r) => (r.ok ? r.json() : null), () => null);
  };
  const weights = { error: ["bad", "can’t be saved"], publish: ["warn", "can’t be published"], warning: ["hint", "a hint"] };
  const tokens = /("(?:[^"\\]|\\.)*"?)(\s*:)?|-?\d[\d.eE+-]*|\b(?:true|false|null)\b/g;
  const stubs = { string: ['""', 1], boolean: ["true", 0], number: ["0", 0], object: ["{}", 1], array: ["[]", 1], template: ['{"templatingStrategy": "PEBBLE_V1", "value": ""}', 2] };

  class JSONEditor extends HTMLElement {
    connectedCallback() {
      const area = this.area = this.querySelector("textarea");
      if (!area || this.under) return;
      this.gutter = this.querySelector(".gutter");
      this.under = make("pre", "under");
      this.under.setAttribute("aria-hidden", "true");
      area.before(this.under);
      this.status = make("p", "hint");
      this.status.setAttribute("role", "status");
      this.after(this.status);
      this.offers = make("ul", "offers");
      this.offers.id = "offers";
      this.offers.setAttribute("role", "listbox");
      this.offers.setAttribute("aria-label", "What can stand here");
      this.offers.hidden = true;
      this.append(this.offers);
      area.setAttribute("aria-autocomplete", "list");
      this.problems = [];
      this.saved = area.value;
      this.check = later(350, () => this.ask());
      area.addEventListener("input", (e) => { this.paint(); this.check(); this.offer(e.inputType !== "insertText"); });
      area.addEventListener("keydown", (e) => this.key(e));
      area.addEventListener("blur", () => this.close());
      area.addEventListener("click", () => this.close());
      this.offers.addEventListener("mousedown", (e) => {
        e.preventDefault();
        const li = e.target.closest("li");
        if (li) this.take([...this.offers.children].indexOf(li));
      });
      area.form.addEventListener("submit", () => { this.sent = true; });
      area.form.addEventListener("click", (e) => {
        const link = e.target.closest('a[href^="#L"]');
        if (!link) return;
        e.preventDefault();
        this.go(link);
      });
      addEventListener("beforeunload", (e) => { if (!this.sent && area.value !== this.saved) e.preventDefault(); });
      this.classList.add("live");
      this.paint();
      this.ask();
      fetch(this.dataset.schema).then((r) => r.json()).then((s) => { this.schema = s; }, () => {});
    }

    go(link) {
      const line = +link.getAttribute("href").slice(2);
      const at = link.dataset.from ? +link.dataset.from : this.area.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1);
      this.area.focus({ preventScroll: true });
      this.area.setSelectionRange(at, at);
      this.gutter.children[line - 1]?.scrollIntoView({ block: "center" });
    }

    // paint writes the text again, in colours, under the one that is typed into.
    paint() {
      const out = document.createDocumentFragment();
      const lines = this.area.value.split("\n");
      let from = 0;
      lines.forEach((line) => {
        const here = this.problems.filter((p) => p.from >= from && p.from <= from + line.length);
        this.line(out, line, from, here);
        const worst = here.find((p) => p.weight === "error") || here.find((p) => p.weight === "publish") || here[0];
        for (const p of worst ? [worst] : []) {
          const says = p.message + " " + (p.fix || "");
          out.append(make("span", "says " + weights[p.weight][0], says.length > 110 ? says.slice(0, 110) + "…" : says));
        }
        out.append("\n");
        from += line.length + 1;
      });
      this.under.replaceChildren(out);
      this.area.rows = lines.length + 1;
      const numbers = this.gutter.children;
      while (numbers.length > lines.length + 1) this.gutter.lastChild.remove();
      while (numbers.length < lines.length + 1) {
        const n = make("span", "", String(numbers.length + 1));
        n.id = "L" + (numbers.length + 1);
        this.gutter.append(n);
      }
      for (const n of numbers) n.className = "";
      for (const weight of ["warning", "publish", "error"]) for (const p of this.problems) if (p.weight === weight && numbers[p.line - 1]) numbers[p.line - 1].className = weights[weight][0];
    }

    line(out, line, from, problems) {
      const put = (a, b, name) => {
        for (let i = a; i < b;) {
          const p = problems.filter((q) => q.from - from <= i && q.to - from > i).sort((q, r) => q.to - q.from - r.to + r.from)[0];
          const next = Math.min(b, ...problems.flatMap((q) => [q.from - from, q.to - from]).filter((n) => n > i));
          const piece = make("span", name, line.slice(i, next));
          if (p) {
            const mark = make("mark", weights[p.weight][0]);
            mark.append(piece);
            out.append(mark);
          } else out.append(name ? piece : line.slice(i, next));
          i = next;
        }
      };
      let done = 0;
      for (const t of line.matchAll(tokens)) {
        put(done, t.index, "");
        done = t.index + t[0].length;
        if (!t[1]) put(t.index, done, "n");
        else if (t[2]) { put(t.index, t.index + t[1].length, "k"); put(t.index + t[1].length, done, ""); } else {
          let at = t.index;
          for (const part of t[1].matchAll(/\{[{%#].*?[}%#]\}/g)) {
            put(at, t.index + part.index, "s");
            at = t.index + part.index + part[0].length;
            put(t.index + part.index, at, "t");
          }
          put(at, done, "s");
        }
      }
      put(done, line.length, "");
    }

    async ask() {
      const text = this.area.value;
      const got = await send(this.area.form, this.dataset.check, { definition: this.dataset.definition || "" });
      if (!got || text !== this.area.value) return;
      this.problems = got.problems;
      this.paint();
      const found = document.getElementById("found");
      const list = make("ul", "placed");
      for (const p of got.problems) {
        const li = make("li");
        const link = make("a", "link", `Line ${p.line}, column ${p.column}`);
        link.href = "#L" + p.line;
        link.dataset.from = p.from;
        li.append(link, " ", make("span", "badge " + weights[p.weight][0], weights[p.weight][1]), make("p", "", p.message + " " + (p.fix || "")));
        list.append(li);
      }
      found.querySelector("ul.placed")?.remove();
      if (got.problems.length) found.append(list);
      const n = got.problems.length;
      this.status.textContent = n ? `${n} ${n === 1 ? "problem" : "problems"}, the first in line ${got.problems[0].line}.` : "No problems.";
    }

    key(e) {
      if (!this.offers.hidden) {
        const n = this.offers.children.length;
        if (e.key === "ArrowDown" || e.key === "ArrowUp") { this.pick((this.picked + (e.key === "ArrowDown" ? 1 : n - 1)) % n); e.preventDefault(); return; }
        if (e.key === "Enter" || (e.key === "Tab" && !e.shiftKey)) { this.take(this.picked); e.preventDefault(); return; }
        if (e.key === "Escape") { this.close(); e.preventDefault(); return; }
      }
      if (e.key === " " && e.ctrlKey) { e.preventDefault(); this.offer(false, true); } else if (e.key === "Tab" && !e.shiftKey && !e.ctrlKey && !e.altKey && !e.metaKey && !this.leave) {
        e.preventDefault();
        this.insert("  ");
      } else if (e.key === "Enter" && !e.ctrlKey && !e.metaKey) {
        const before = this.area.value.slice(0, this.area.selectionStart);
        e.preventDefault();
        this.insert("\n" + before.match(/[ \t]*(?=[^\n]*$)/)[0].replace(/\n/g, "") + (/[{[]\s*$/.test(before) ? "  " : ""));
      }
      this.leave = e.key === "Escape";
    }

    insert(text, from = this.area.selectionStart, to = this.area.selectionEnd) {
      this.area.setSelectionRange(from, to);
      document.execCommand("insertText", false, text); // the one way that can be undone
    }

    // where tells what is being typed: a member's name or a value, in which shape.
    where() {
      const all = this.area.value, end = this.area.selectionStart, stack = [];
      let open = -1, last = "";
      for (let i = 0; i < end; i++) {
        const c = all[i], top = stack.at(-1);
        if (c === '"') {
          const s = /^"(?:[^"\\\n]|\\.)*"/.exec(all.slice(i, end));
          if (!s) { open = i + 1; break; }
          last = s[0].slice(1, -1);
          i += s[0].length - 1;
        } else if (c === "{" || c === "[") stack.push({ object: c === "{", name: c === "{" });
        else if (c === "}" || c === "]") stack.pop();
        else if (top && c === ":") { top.key = last; top.name = false; } else if (top && c === ",") top.name = top.object;
      }
      const top = stack.at(-1);
      if (!top || !this.schema) return null;
      let shape = "document";
      for (const frame of stack.slice(0, -1)) if (frame.object) shape = this.member(shape, frame.key)?.of || "";
      const from = open >= 0 ? open : end - /\w*$/.exec(all.slice(0, end))[0].length;
      return { shape, top, open: open >= 0, from, end, typed: all.slice(from, end) };
    }

    member(shape, name) {
      return (this.schema[shape] || []).find((m) => m.name === name) || (shape === "document" ? this.schema.entry.find((m) => m.name === name) : null);
    }

    offer(shut, asked) {
      const w = shut ? null : this.where();
      let found = [];
      if (w && w.top.object && (w.open || asked)) {
        const m = w.top.name ? null : this.member(w.shape, w.top.key);
        if (w.top.name) found = (this.schema[w.shape] || []).map((one) => ({ ...one, title: one.name }));
        else if (m) found = (m.values || (m.kind === "boolean" ? ["true", "false"] : [])).map((v) => ({ title: v, bare: m.kind === "boolean" }));
        found = found.filter((o) => o.title.toLowerCase().startsWith(w.typed.toLowerCase()) && o.title !== w.typed);
      }
      if (!found.length) { this.close(); return; }
      this.found = found;
      this.at = w;
      this.offers.replaceChildren(...found.map((o, i) => {
        const li = make("li", "", o.title);
        li.id = "offer-" + i;
        li.setAttribute("role", "option");
        if (o.says) li.append(make("small", "", o.says));
        return li;
      }));
      const lines = this.area.value.slice(0, w.from).split("\n");
      const probe = make("span", "", "0".repeat(20));
      this.under.append(probe);
      const wide = probe.getBoundingClientRect().width / 20;
      probe.remove();
      const field = this.area.parentElement;
      this.offers.hidden = false;
      this.offers.style.top = 8 + lines.length * 20 + "px";
      const column = lines.at(-1).length;
      requestAnimationFrame(() => { // the field scrolls to the caret first
        const left = field.offsetLeft + 12 + column * wide - field.scrollLeft;
        this.offers.style.left = Math.max(0, Math.min(left, this.clientWidth - this.offers.offsetWidth)) + "px";
      });
      this.area.setAttribute("aria-controls", "offers");
      this.pick(0);
    }

    pick(n) {
      this.picked = n;
      [...this.offers.children].forEach((li, i) => li.setAttribute("aria-selected", String(i === n)));
      this.offers.children[n].scrollIntoView({ block: "nearest" });
      this.area.setAttribute("aria-activedescendant", "offer-" + n);
    }

    take(n) {
      const o = this.found[n], w = this.at, rest = this.area.value.slice(w.end);
      const over = /^\w*/.exec(rest)[0].length, closed = rest[over] === '"';
      this.close();
      if (o.kind && !(closed && /^\s*:/.test(rest.slice(over + 1)))) {
        const [stub, back] = stubs[o.kind];
        this.insert((w.open ? "" : '"') + o.name + '": ' + stub, w.from, w.end + over + (w.open && closed ? 1 : 0));
        const caret = this.area.selectionStart - back;
        this.area.setSelectionRange(caret, caret);
        this.offer(false, !!o.values);
      } else this.insert(w.open || o.bare ? o.title : `"${o.title}"`, w.from, w.end + over);
      if (!o.kind) this.close();
    }

    close() {
      this.offers.hidden = true;
      this.area.removeAttribute("aria-activedescendant");
      this.area.removeAttribute("aria-controls");
    }
  }
  customElements.define("json-editor", JSONEditor);

  class TemplatePlay extends HTMLElement {
    connectedCallback() {
      const form = this.querySelector("form");
      const output = this.querySelector("#output"), variables = this.querySelector("#variables");
      const render = later(250, async () => {
        const got = await send(form, form.getAttribute("action"));
        if (!got) return;
        variables.textContent = got.variables.join(", ") || "none";
        if (!got.problem) { output.replaceChildren(make("pre", "out", got.output)); return; }
        const place = got.line ? ` Line ${got.line}, column ${got.column}.` : "";
        output.replaceChildren(make("p", "problem", got.problem + place), ...(got.excerpt ? [make("pre", "", got.excerpt)] : []));
      });
      form.addEventListener("input", render);
    }
  }
  customElements.define("template-play", TemplatePlay);
})();
