/* The desk's own script: drafts, keys, counts, news. Every page works without it. */
(function () {
  "use strict";
  var body = document.body, user = body.dataset.user || "";
  var one = function (css, at) { return (at || document).querySelector(css); };
  var all = function (css, at) { return Array.prototype.slice.call((at || document).querySelectorAll(css)); };
  var key = function (name) { return "huying:" + user + ":" + name; };

  document.documentElement.classList.add("hy-js");
  var menu = one("[data-menu]");
  function unfoldMenu(open) {
    menu.setAttribute("aria-expanded", String(open));
    document.getElementById("menu").classList.toggle("hy-open", open);
  }
  if (menu) { menu.addEventListener("click", function () { unfoldMenu(menu.getAttribute("aria-expanded") !== "true"); }); }

  /* Drafts live in this tab only, so that a shared machine keeps none; what says who called is never among them. */
  var SECRET = /^(csrfmiddlewaretoken|token|turn|seq|password|again|code)$|^requester\./;
  function fields(form) {
    return all("input,textarea,select", form).filter(function (field) {
      return field.name && !SECRET.test(field.name) && field.type !== "file" && field.type !== "hidden";
    });
  }
  function save(form) {
    var kept = {};
    fields(form).forEach(function (field) {
      if (field.type === "radio" || field.type === "checkbox") { if (field.checked) { kept[field.name] = field.value; } }
      else if (field.value) { kept[field.name] = field.value; }
    });
    try { sessionStorage.setItem(key(form.dataset.draft), JSON.stringify(kept)); } catch (full) { return; }
    var note = one("[data-saved]", form);
    if (note) { note.textContent = new Date().toTimeString().slice(0, 5) + " ✓"; }
  }
  function restore(form) {
    var kept;
    try { kept = JSON.parse(sessionStorage.getItem(key(form.dataset.draft)) || "null"); } catch (broken) { kept = null; }
    if (!kept) { return; }
    fields(form).forEach(function (field) {
      if (!(field.name in kept)) { return; }
      if (field.type === "radio" || field.type === "checkbox") {
        var chosen = all("[name='" + field.name + "']:checked", form).length;
        if (!chosen && field.value === kept[field.name]) { field.checked = true; }
      } else if (!field.value) { field.value = kept[field.name]; }
    });
  }
  all("[data-done]").forEach(function (toast) { sessionStorage.removeItem(key(toast.dataset.done)); });
  all("form[data-draft]").forEach(function (form) {
    restore(form);
    var waiting;
    form.addEventListener("input", function () { clearTimeout(waiting); waiting = setTimeout(save, 300, form); });
    window.addEventListener("pagehide", function () { if (waiting) { save(form); } });
    form.addEventListener("submit", function (event) {
      if (event.defaultPrevented) { return; }
      save(form);
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "yes";
      setTimeout(function () { delete form.dataset.sent; }, 4000);
    });
  });

  /* More parts: the last one copied with the next number. */
  all("[data-children]").forEach(function (set) {
    var more = one("[data-more]", set);
    more.hidden = false;
    more.addEventListener("click", function () {
      var rows = all("[data-child]", set), last = rows[rows.length - 1], n = rows.length;
      var fresh = last.cloneNode(true), old = "-" + last.dataset.child + "-", now = "-" + n + "-";
      fresh.dataset.child = String(n);
      all("[name],[id],[for],[aria-describedby]", fresh).forEach(function (part) {
        ["name", "id", "for", "aria-describedby"].forEach(function (name) {
          if (part.hasAttribute(name)) { part.setAttribute(name, part.getAttribute(name).split(old).join(now)); }
        });
        if (part.name && part.type !== "radio") { part.value = ""; }
        if (part.type === "radio") { part.checked = false; }
      });
      set.insertBefore(fresh, more);
      one("input,textarea,select", fresh).focus();
    });
  });
  all("[data-fill]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      var field = document.getElementById(button.dataset.fill);
      field.value = button.dataset.value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
    });
  });

  /* How many wait: asked for once the page is there. */
  var rail = one("[data-counts]");
  if (rail) {
    fetch(rail.dataset.counts, { credentials: "same-origin" }).then(function (answer) { return answer.ok ? answer.json() : {}; })
      .then(function (counts) {
        all("[data-count]").forEach(function (place) {
          var n = counts[place.dataset.count];
          if (n !== undefined) { place.textContent = n + (place.dataset.unit ? " " + place.dataset.unit : ""); }
        });
      }, function () {});
  }

  /* What was written since an open form was read: a note above it, the typing untouched. */
  var open = one("form[data-since]");
  if (open) {
    setInterval(function () {
      if (document.hidden) { return; }
      fetch(open.dataset.since, { credentials: "same-origin", headers: { "HX-Request": "true" } })
        .then(function (answer) { return answer.status === 200 ? answer.text() : ""; })
        .then(function (text) {
          var place = one("[data-fresh]", open);
          if (text.trim() && place.innerHTML !== text) { place.innerHTML = text; }
        }, function () {});
    }, 20000);
  }

  /* The call-back: what isn't asked is hidden, and of the results only the one that follows stands there. */
  var calls = one("[data-callback]");
  if (calls) {
    var follow = function () {
      var reached = one("[name=reached]:checked", calls), solved = one("[name=solved]:checked", calls);
      var talked = !reached || reached.value === "yes";
      all("[data-if-reached]", calls).forEach(function (part) { part.hidden = !talked; });
      var result = !reached ? "" : !talked ? "unreached" : !solved ? "" : solved.value === "no" ? "no" : "yes";
      all("[data-result]", calls).forEach(function (part) { part.hidden = result ? part.dataset.result !== result : false; });
    };
    calls.addEventListener("change", follow);
    follow();
  }

  /* A call: words of danger show the numbers at once; a ground brings its ready words. */
  var taking = one("[data-call]");
  if (taking) {
    var dangers = taking.dataset.danger.split("|").filter(Boolean);
    var heed = function () {
      var said = all("textarea,input[type=text],input:not([type])", taking).map(function (field) { return field.value; }).join(" ");
      one("[data-alarm]", taking).hidden = !dangers.some(function (word) { return folded(said).indexOf(folded(word)) >= 0; });
    };
    var folded = function (text) { return text.normalize("NFKC").toLowerCase().split(/\s+/).join(" "); };
    taking.addEventListener("input", heed);
    heed();
    all("[name=ground]", taking).forEach(function (ground) {
      ground.addEventListener("change", function () {
        var reply = one("[name=reply]", taking), ready = all("[name=ground]", taking).map(function (other) { return other.dataset.words; });
        if (!reply.value.trim() || ready.indexOf(reply.value) >= 0) { reply.value = ground.dataset.words; }
      });
    });
    if (!document.querySelector("[data-focus]")) { var phone = one("[data-phone]", taking); if (phone) { phone.focus(); } }
  }

  /* A seal that closes by itself. */
  var seal = one("[data-seals]");
  if (seal) {
    var until = Date.now() + 1000 * Number(seal.dataset.seals);
    var tick = setInterval(function () {
      var left = Math.max(0, until - Date.now());
      one("[data-left]", seal).textContent = String(Math.ceil(left / 60000));
      if (!left) {
        clearInterval(tick);
        all("[data-secret]").forEach(function (secret) { secret.textContent = seal.dataset.sealed; });
      }
    }, 1000);
    window.addEventListener("pageshow", function (event) { if (event.persisted) { location.reload(); } });
  }

  /* Toasts go by themselves, unless somebody is reading them. */
  all("[data-toast]").forEach(function (toast) {
    var over = false;
    toast.addEventListener("mouseenter", function () { over = true; });
    toast.addEventListener("mouseleave", function () { over = false; });
    one("[data-close]", toast).addEventListener("click", function () { toast.remove(); });
    setInterval(function () { if (!over && !toast.contains(document.activeElement)) { toast.remove(); } }, 8000);
  });
  var focus = one("[data-focus]");
  if (focus) { focus.focus(); focus.scrollIntoView({ block: "center" }); }
  else if (/^#e\d+$/.test(location.hash)) { var entry = document.getElementById(location.hash.slice(1)); if (entry) { entry.focus(); } }

  /* Keys: single ones only outside fields and input methods, and never together with Ctrl, Alt or Meta. */
  var dialog = document.getElementById("keys"), row = -1, before = "";
  var off = one("[data-keys-off]");
  if (off) {
    off.checked = localStorage.getItem("huying:keys") === "off";
    off.addEventListener("change", function () { localStorage.setItem("huying:keys", off.checked ? "off" : "on"); });
  }
  var close = one("[data-close-dialog]");
  if (close) { close.addEventListener("click", function () { dialog.close(); }); }
  function rows() { return all("[data-row]"); }
  function step(by) {
    var list = rows();
    if (!list.length) { return false; }
    var now = list.findIndex(function (one_) { return one_.contains(document.activeElement); });
    row = Math.max(0, Math.min(list.length - 1, (now < 0 ? row : now) + by));
    one("a", list[row]).focus();
    list[row].scrollIntoView({ block: "nearest" });
    return true;
  }
  function go(css) { var link = one(css); if (link) { location.href = link.href; return true; } return false; }
  function into(css) { var place = one(css); if (place) { place.focus(); place.scrollIntoView({ block: "start" }); return true; } return false; }
  function unfold(css) {
    var place = one(css);
    if (!place) { return false; }
    place.open = true;
    var field = one("input:not([type=hidden]),select", place);
    if (field) { field.focus(); }
    return true;
  }
  var KEYS = {
    "/": function () { if (menu && getComputedStyle(menu).display !== "none") { unfoldMenu(true); } return into("#q"); },
    "j": function () { return step(1) || go("[data-after]"); },
    "k": function () { return step(-1) || go("[data-before]"); },
    "o": function () { var active = document.activeElement; if (active && active.closest("[data-row]")) { location.href = active.href; return true; } return false; },
    ".": function () {
      var active = document.activeElement, here = active && active.closest("[data-row]"), main = one("[data-case]");
      var text = here ? here.dataset.number : main ? main.dataset.case : "";
      if (text && navigator.clipboard) { navigator.clipboard.writeText(text); }
      return Boolean(text);
    },
    "f": function () { return unfold("[data-filters]"); },
    "s": function () { return unfold(".hy-keep"); },
    "n": function () { return go("[data-next]"); },
    "p": function () { return go("[data-first]"); },
    "a": function () { return into("#acts"); },
    "t": function () { return into("#tl"); },
    "u": function () { return go("[data-back]"); },
    "?": function () { dialog.showModal(); return true; }
  };
  var GOES = { q: "/desk/queue/", c: "/desk/callback/", t: "/desk/call", r: "/desk/register/" };
  document.addEventListener("keydown", function (event) {
    if (event.isComposing || event.keyCode === 229) { return; }
    var field = event.target.closest("input:not([type=checkbox]):not([type=radio]),textarea,select,[contenteditable]");
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      var form = event.target.closest("form") || one("form[data-draft]");
      if (form) { event.preventDefault(); form.requestSubmit(one("[data-submit]", form)); }
      return;
    }
    if (event.key === "Escape") {
      var shown = event.target.closest("details[open]");
      if (shown) { shown.open = false; one("summary", shown).focus(); }
      else if (field) { field.blur(); }
      return;
    }
    if (field || event.ctrlKey || event.altKey || event.metaKey || localStorage.getItem("huying:keys") === "off") { return; }
    if (before === "g" && GOES[event.key]) { before = ""; event.preventDefault(); location.href = GOES[event.key]; return; }
    before = event.key;
    var digit = /^[1-9]$/.test(event.key) && event.target.type !== "radio" ? one("[data-key='" + event.key + "']") : null;
    if (digit) {
      event.preventDefault();
      if (digit.href) { location.href = digit.href; } else { one("input:not([type=hidden]),textarea,select,[data-submit]", digit).focus(); }
      return;
    }
    var act = KEYS[event.key];
    if (act && act()) { event.preventDefault(); }
  });
})();

document.addEventListener("click", function (event) {
  "use strict";
  if (event.target.closest("[data-print]")) { window.print(); }
});
