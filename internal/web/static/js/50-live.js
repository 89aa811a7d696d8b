// Says how something stands while it goes on, and shows the page anew at its end. The page says the same without script.
class LiveState extends HTMLElement {
  connectedCallback() {
    if (!this.dataset.src) return;
    this.source = new EventSource(this.dataset.src);
    this.source.addEventListener("state", (event) => {
      for (const [name, value] of Object.entries(JSON.parse(event.data))) {
        for (const place of this.querySelectorAll(`[data-live="${name}"]`)) {
          if (place.tagName === "PROGRESS") { if (value >= 0) place.value = value; } else place.textContent = value;
        }
      }
    });
    this.source.addEventListener("done", () => { this.source.close(); location.reload(); });
  }
  disconnectedCallback() { this.source?.close(); }
}
customElements.define("live-state", LiveState);

// Shows events as they come: text alone, the newest first, no more than fit on a page.
class LiveTail extends HTMLElement {
  connectedCallback() {
    this.list = this.querySelector("ol");
    this.says = this.querySelector("[data-tail=says]");
    this.missed = 0;
    const pause = document.createElement("button");
    pause.type = "button";
    pause.addEventListener("click", () => { this.source ? this.stop() : this.start(); pause.textContent = this.source ? "Pause" : "Go on"; });
    this.says.before(pause, " ");
    this.start();
    pause.textContent = "Pause";
  }
  disconnectedCallback() { this.stop(); }
  stop() { this.source?.close(); this.source = null; this.tell("Paused."); }
  start() {
    this.source = new EventSource(this.dataset.src);
    this.source.onopen = () => this.tell("Listening.");
    this.source.onerror = () => this.tell("Not connected; trying again.");
    this.source.addEventListener("event", (event) => this.add(JSON.parse(event.data)));
    this.source.addEventListener("skipped", (event) => { this.missed += JSON.parse(event.data); this.tell("Listening."); });
  }
  tell(text) { this.says.textContent = text + (this.missed ? ` ${this.missed} events came too fast to be shown.` : ""); }
  add(e) {
    const make = (name, text, kind) => { const made = document.createElement(name); made.textContent = text; if (kind) made.className = kind; return made; };
    const details = document.createElement("details"), summary = document.createElement("summary"), link = make("a", "Its path", "link"), line = document.createElement("p"), item = document.createElement("li");
    const time = make("time", new Date(e.at).toISOString().slice(11, 23));
    time.dateTime = e.at;
    summary.append(time, " ", make("b", e.trigger || "no trigger"), " ", make("span", `${e.partition}:${e.offset}`, "id"));
    if (e.key) summary.append(" ", make("span", "key " + e.key, "id"));
    summary.append(" ", make("small", e.size));
    link.href = e.path;
    line.append(link);
    details.append(summary, make("pre", e.payload), line);
    item.append(details);
    this.list.prepend(item);
    while (this.list.children.length > 200) this.list.lastElementChild.remove();
    this.querySelector("[data-tail=empty]")?.remove();
  }
}
customElements.define("live-tail", LiveTail);
