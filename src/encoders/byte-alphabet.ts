/**
 * The printable character that stands for each byte in byte-level BPE vocabularies (Radford et al. 2019, GPT-2): printable Latin-1 stands for
 * itself, the other 68 bytes for U+0100 and up, in order.
 */
export const byteOfCharacter: ReadonlyMap<string, number> = (() => {
  const map = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    map.set(String.fromCharCode(printable ? byte : next++), byte);
  }
  return map;
})();
