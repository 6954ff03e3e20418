// Numbers of ECDSA signatures: orders of the curves (SEC 2), and R and S as they stand side by side.
export const ORDERS = {
  p256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  p384: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  p521: BigInt(`0x01${'f'.repeat(64)}fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`)
}
export const half = (signature, n) => signature.subarray(n * signature.length / 2, (n + 1) * signature.length / 2)
export const numberOf = (bytes) => BigInt(`0x${bytes.toString('hex')}`)
export const raw = (number, size) => Buffer.from(number.toString(16).padStart(2 * size, '0').slice(-2 * size), 'hex')

function integer (bytes) {
  let at = 0
  while (at < bytes.length - 1 && bytes[at] === 0) at++
  const number = bytes[at] & 0x80 ? Buffer.concat([Buffer.alloc(1), bytes.subarray(at)]) : bytes.subarray(at)
  return Buffer.concat([Buffer.from([2, number.length]), number])
}

export function DER (signature) {
  const body = Buffer.concat([integer(half(signature, 0)), integer(half(signature, 1))])
  return Buffer.concat([Buffer.from(body.length > 127 ? [0x30, 0x81, body.length] : [0x30, body.length]), body])
}
