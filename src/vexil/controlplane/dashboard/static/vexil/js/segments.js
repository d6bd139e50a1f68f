// The rule builder: what a comparison needs follows the choice of it at once, so that nothing typed meanwhile is lost.
document.addEventListener("change", (event) => {
  const select = event.target.closest?.("select[data-operator]");
  if (!select) return;
  const condition = select.closest(".condition");
  const chosen = select.selectedOptions[0];
  const operand = condition.querySelector("[data-operand]");
  operand.hidden = "withoutValue" in chosen.dataset;
  operand.querySelector("input").placeholder = chosen.dataset.placeholder;
  condition.querySelector("[data-tester]").hidden = chosen.value !== "REGEX";
});
