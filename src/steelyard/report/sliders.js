"use strict";
function at(amounts, rows, i, x) {
  let k = 1;
  while (k < amounts.length - 1 && amounts[k] < x) k++;
  const a = amounts[k - 1], b = amounts[k];
  const part = Math.min(1, Math.max(0, (x - a) / (b - a)));
  return rows[k - 1][i] + part * (rows[k][i] - rows[k - 1][i]);
}
function profits(data, asked) {
  const times = { customers: asked.worth, declared: asked.answer, serving: 1 };
  return data.base.customers.map((_, i) => {
    let sum = 0;
    for (const kind in times) sum += times[kind] * data.base[kind][i];
    data.places.forEach((place, p) => {
      const x = asked.money[p];
      if (x === 0) return;
      let brings = 0;
      for (const kind in times)
        if (place[kind]) brings += times[kind] * at(place.amounts, place[kind], i, x);
      sum += asked.gain[p] * brings - place.paid * x - (x > 0 ? place.once : 0);
    });
    return sum;
  });
}
function placed(data, asked) {
  const first = data.places.map((place, p) => (asked.money[p] > 0 ? place.once : 0));
  return [...asked.money, ...first].reduce((a, b) => a + b, data.steps);
}
function three(drawn) {
  const sorted = [...drawn].sort((a, b) => a - b);
  const quantile = (q) => {
    const place = q * (sorted.length - 1), k = Math.floor(place);
    return sorted[k] + (place - k) * ((sorted[k + 1] ?? sorted[k]) - sorted[k]);
  };
  const mean = sorted.reduce((a, b) => a + b, 0) / sorted.length;
  return [mean, quantile(0.1), quantile(0.9)];
}
function begin(root) {
  const data = JSON.parse(root.querySelector("script").textContent);
  const form = root.querySelector("form"), inputs = [...form.querySelectorAll("input")];
  const plain = (v) => v.toLocaleString("en-US", { maximumFractionDigits: Math.abs(v) < 100 ? 2 : 0 });
  const signed = (v) => (v > 0 ? "+" : "") + plain(v);
  const show = () => {
    const asked = { money: [], gain: [], worth: 1, answer: 1 };
    for (const input of inputs) {
      const { kind, place } = input.dataset;
      const value = kind === "worth" ? 2 ** input.value : Number(input.value);
      if (place === undefined) asked[kind] = value;
      else asked[kind][place] = value;
      input.nextElementSibling.value = kind === "money" ? plain(value) : "×" + value.toFixed(2);
    }
    const [mean, low, high] = three(profits(data, asked)).map(signed);
    form.querySelector("[name=result]").value = `${mean} [${low}, ${high}]`;
    form.querySelector("[name=placed]").value = plain(placed(data, asked));
  };
  form.addEventListener("input", show);
  form.addEventListener("reset", () => setTimeout(show));
  form.hidden = false;
  show();
}
if (typeof document !== "undefined") document.querySelectorAll(".what-if").forEach(begin);
