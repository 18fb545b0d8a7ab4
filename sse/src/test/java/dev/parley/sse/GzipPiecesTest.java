package dev.parley.sse;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;

class GzipPiecesTest {
    private record Piece(byte[] plain, byte[] deflated) {}

    private static Piece piece(byte[] plain) {
        ByteBuf piece = Unpooled.buffer(GzipPieces.room(plain.length));
        int crc = GzipPieces.ofThread().append(Unpooled.wrappedBuffer(plain), piece);
        CRC32 expected = new CRC32();
        expected.update(plain);
        assertThat(crc).isEqualTo((int) expected.getValue());
        byte[] deflated = new byte[piece.readableBytes()];
        piece.readBytes(deflated);
        piece.release();
        return new Piece(plain, deflated);
    }

    private static byte[] plain(Random random) {
        byte[] plain = new byte[1 + random.nextInt(1 << random.nextInt(1, 18))];
        int letters = 1 << random.nextInt(1, 9); // from what compresses well to what does not
        for (int i = 0; i < plain.length; i++) {
            plain[i] = (byte) random.nextInt(letters);
        }
        return plain;
    }

    @Test
    void anyPieceMayFollowAnyOtherAndIsReadAtOnce() throws Exception {
        Random random = new Random(1);
        List<Piece> pieces = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            pieces.add(piece(plain(random)));
        }
        Inflater inflater = new Inflater(true);
        for (int i = 0; i < 1000; i++) {
            Piece next = pieces.get(random.nextInt(pieces.size()));
            inflater.setInput(next.deflated);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] room = new byte[64 * 1024];
            for (int n; (n = inflater.inflate(room)) > 0; ) {
                out.write(room, 0, n);
            }
            assertThat(out.toByteArray()).isEqualTo(next.plain);
            assertThat(inflater.getRemaining()).isZero();
        }
        inflater.end();
    }

    @Test
    void thePieceOfTheSameBytesIsTheSame() {
        byte[] plain = plain(new Random(2));
        byte[] first = piece(plain).deflated;
        piece(new byte[70_000]);

        assertThat(piece(plain).deflated).isEqualTo(first);
    }

    @Test
    void aPieceThatJustFillsItsBufferIsWhole() {
        byte[] plain = plain(new Random(3));
        int size = piece(plain).deflated.length;
        for (int room = Math.max(1, size - 70); room < size + 10; room++) {
            ByteBuf piece = Unpooled.buffer(room);
            GzipPieces.ofThread().append(Unpooled.wrappedBuffer(plain), piece);
            int end = piece.writerIndex();
            assertThat(end).isBetween(size, size + 5);
            assertThat(piece.getInt(end - 4)).isEqualTo(0x0000FFFF);
        }
    }
}
