package dev.parley.sse;

/**
 * The CRC-32 of gzip (<a href="https://www.rfc-editor.org/rfc/rfc1952#section-8">RFC 1952, 8</a>) of bytes that were
 * checked in pieces.
 *
 * <p>The CRC of bytes is the remainder of a polynomial over GF(2). To append <i>n</i> bytes multiplies it by
 * x<sup>8n</sup> and adds the CRC of those bytes; what the CRC inverts at its beginning and end cancels out. Polynomials
 * are written as the CRC is: the highest bit is the coefficient of x<sup>0</sup>.
 */
final class Crc {
    private static final int POLYNOMIAL = 0xEDB88320;
    private static final int ONE = 0x80000000;
    private static final int X_TO_THE_8TH = ONE >>> 8;

    private Crc() {}

    /** What it takes to append so many bytes: x<sup>8n</sup>. */
    static int factor(long bytes) {
        int factor = ONE;
        int power = X_TO_THE_8TH;
        for (long rest = bytes; rest != 0; rest >>>= 1) {
            if ((rest & 1) != 0) {
                factor = times(factor, power);
            }
            power = times(power, power);
        }
        return factor;
    }

    /**
     * The CRC of some bytes and others behind them.
     *
     * @param first of the bytes before
     * @param second of the bytes behind
     * @param factor of the number of the bytes behind
     */
    static int append(int first, int second, int factor) {
        return times(first, factor) ^ second;
    }

    private static int times(int a, int b) {
        int product = 0;
        int shifted = b;
        for (int rest = a; rest != 0; rest <<= 1) {
            product ^= shifted & (rest >> 31);
            shifted = (shifted >>> 1) ^ (POLYNOMIAL & -(shifted & 1));
        }
        return product;
    }
}
