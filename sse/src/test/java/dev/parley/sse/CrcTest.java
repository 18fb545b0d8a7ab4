package dev.parley.sse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class CrcTest {
    private static int crc(byte[] bytes, int from, int to) {
        CRC32 crc = new CRC32();
        crc.update(bytes, from, to - from);
        return (int) crc.getValue();
    }

    @Test
    void thatOfPiecesIsThatOfTheWholeHoweverItIsSplit() {
        Random random = new Random(1);
        for (int round = 0; round < 500; round++) {
            byte[] bytes = new byte[random.nextInt(1 << random.nextInt(1, 17))];
            random.nextBytes(bytes);
            int combined = 0;
            for (int from = 0; from < bytes.length; ) {
                int to = Math.min(bytes.length, from + random.nextInt(1 + bytes.length));
                combined = Crc.append(combined, crc(bytes, from, to), Crc.factor(to - from));
                from = to;
            }
            assertThat(combined).isEqualTo(crc(bytes, 0, bytes.length));
        }
    }

    @Test
    void nothingAppendedChangesNothing() {
        assertThat(Crc.append(0x12345678, 0, Crc.factor(0))).isEqualTo(0x12345678);
    }

    @Test
    void factorsOfLengthsMultiplyAsLengthsAdd() {
        for (long a = 1; a < 1L << 40; a = a * 7 + 3) {
            for (long b = 1; b < 1L << 40; b = b * 11 + 5) {
                assertThat(Crc.append(Crc.factor(a), 0, Crc.factor(b))).isEqualTo(Crc.factor(a + b));
            }
        }
    }
}
