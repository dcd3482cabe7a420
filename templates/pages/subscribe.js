// The reader's own time zone, until they choose another. Without this script it is the newsroom's.
const field = document.querySelector("select[data-guess]");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (field && zone) {
  // Browsers may know a zone by an older name than ours.
  if (![...field.options].some((option) => option.value === zone)) field.add(new Option(zone, zone));
  field.value = zone;
}
