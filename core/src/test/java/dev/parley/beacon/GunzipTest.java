package dev.parley.beacon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class GunzipTest {
    private static final int LIMIT = 64 * 1024;

    private static byte[] gzip(byte[] plain) {
        ByteArrayOutputStream coded = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(coded)) {
            gzip.write(plain);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return coded.toByteArray();
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100, 8191, 8192, 8193, LIMIT})
    void whatWasCodedComesBack(int size) throws IOException {
        byte[] plain = random(size);
        assertThat(Gunzip.inflate(gzip(plain), LIMIT)).isEqualTo(plain);
    }

    @Test
    void atTheLimitIsNotOver() throws IOException {
        byte[] plain = random(100);

        assertThat(Gunzip.inflate(gzip(plain), 100)).isEqualTo(plain);
        assertThat(Gunzip.inflate(gzip(plain), 99)).hasSize(100);
        assertThat(Gunzip.inflate(gzip(plain), 1)).hasSize(2);
    }

    @Test
    void aBombGivesNoMoreThanOneByteOverTheLimit() throws IOException {
        assertThat(Gunzip.inflate(gzip(new byte[50_000_000]), LIMIT)).hasSize(LIMIT + 1);
    }

    @Test
    void membersFollowOneAnother() throws IOException {
        byte[] coded = join(gzip("a".getBytes(UTF_8)), gzip(new byte[0]), gzip("bc".getBytes(UTF_8)));
        assertThat(Gunzip.inflate(coded, LIMIT)).isEqualTo("abc".getBytes(UTF_8));
    }

    @Test
    void manyEmptyMembersCostNoStack() throws IOException {
        byte[] empty = gzip(new byte[0]);
        byte[][] members = new byte[100_000][];
        Arrays.fill(members, empty);

        assertThat(Gunzip.inflate(join(members), LIMIT)).isEmpty();
    }

    @Test
    void allFieldsOfAHeaderMayBeThere() throws IOException {
        byte[] coded = gzip("abc".getBytes(UTF_8));
        byte[] fixed = Arrays.copyOf(coded, 10);
        fixed[3] = 0x1F;
        byte[] header =
                join(fixed, new byte[] {3, 0, 'x', 'y', 'z'}, "name\0".getBytes(UTF_8), "text\0".getBytes(UTF_8));
        CRC32 crc = new CRC32();
        crc.update(header);
        byte[] checksum = {(byte) crc.getValue(), (byte) (crc.getValue() >> 8)};
        byte[] rest = Arrays.copyOfRange(coded, 10, coded.length);

        assertThat(Gunzip.inflate(join(header, checksum, rest), LIMIT)).isEqualTo("abc".getBytes(UTF_8));
        byte[] wrong = {checksum[0], (byte) (checksum[1] + 1)};
        assertThatThrownBy(() -> Gunzip.inflate(join(header, wrong, rest), LIMIT))
                .isInstanceOf(IOException.class);
    }

    @Test
    void anExtraFieldIsPassedOver() throws IOException {
        byte[] coded = gzip("abc".getBytes(UTF_8));
        byte[] fixed = Arrays.copyOf(coded, 10);
        fixed[3] = 4;
        byte[] rest = Arrays.copyOfRange(coded, 10, coded.length);

        assertThat(Gunzip.inflate(join(fixed, new byte[] {3, 0, 'x', 'y', 'z'}, rest), LIMIT))
                .isEqualTo("abc".getBytes(UTF_8));
        assertThat(Gunzip.inflate(join(fixed, new byte[] {0, 0}, rest), LIMIT)).isEqualTo("abc".getBytes(UTF_8));
    }

    @Test
    void eachByteThatIsMissingIsNoticed() {
        byte[] coded = gzip("some text, some text".getBytes(UTF_8));
        for (int size = 0; size < coded.length; size++) {
            byte[] cut = Arrays.copyOf(coded, size);
            assertThatThrownBy(() -> Gunzip.inflate(cut, LIMIT))
                    .as("the first %d bytes", size)
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void eachByteBehindTheEndIsNoticed() {
        byte[] coded = join(gzip("abc".getBytes(UTF_8)), new byte[] {0});
        assertThatThrownBy(() -> Gunzip.inflate(coded, LIMIT)).isInstanceOf(IOException.class);
    }

    @Test
    void whateverIsBrokenIsToldAsSuch() {
        byte[] coded = gzip(random(300));
        Random random = new Random(42);
        int told = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] broken = coded.clone();
            for (int k = random.nextInt(4); k >= 0; k--) {
                broken[random.nextInt(broken.length)] = (byte) random.nextInt(256);
            }
            try {
                assertThat(Gunzip.inflate(broken, 1000)).hasSizeLessThanOrEqualTo(1001);
            } catch (IOException e) {
                told++;
            }
        }
        assertThat(told).isGreaterThan(15_000);
    }
}
