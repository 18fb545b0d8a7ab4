package dev.parley.signaling;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * As much of a TURN client as it takes to ask for a relay and keep it, over UDP with long-term credentials (RFC 8489 section 9.2, RFC
 * 8656 sections 7 and 8). One client is one allocation.
 */
final class TurnClient implements AutoCloseable {
    static final int OK = 0;
    static final int UNAUTHORIZED = 401;

    private static final int STALE_NONCE = 438;
    private static final int ALLOCATE = 0x003;
    private static final int REFRESH = 0x004;
    private static final int SUCCESS = 0x100;
    private static final int ERROR = 0x110;
    private static final int MAGIC_COOKIE = 0x2112A442;
    private static final int HEADER_BYTES = 20;
    private static final int INTEGRITY_BYTES = 24;

    private static final int USERNAME = 0x0006;
    private static final int MESSAGE_INTEGRITY = 0x0008;
    private static final int ERROR_CODE = 0x0009;
    private static final int LIFETIME = 0x000D;
    private static final int REALM = 0x0014;
    private static final int NONCE = 0x0015;
    private static final int XOR_RELAYED_ADDRESS = 0x0016;
    private static final int REQUESTED_TRANSPORT = 0x0019;
    private static final byte[] UDP = {17, 0, 0, 0};

    /** A datagram may be lost: it is sent again after so long, so many times. */
    private static final int TIMEOUT_MILLIS = 1000;

    private static final int TRIES = 10;

    private final DatagramSocket socket = new DatagramSocket();
    private final SplittableRandom random = new SplittableRandom(8656);
    private Map<Integer, byte[]> challenge = Map.of();

    TurnClient(InetSocketAddress server) throws IOException {
        socket.connect(server);
        socket.setSoTimeout(TIMEOUT_MILLIS);
    }

    /** Asks for a relay. Returns {@link #OK} or the code of the error. */
    int allocate(IceServer server) throws Exception {
        Map<Integer, byte[]> attributes = new LinkedHashMap<>(Map.of(REQUESTED_TRANSPORT, UDP));
        challenge = exchange(ALLOCATE, attributes, null);
        Map<Integer, byte[]> answer = authenticated(ALLOCATE, attributes, server);
        if (code(answer) == OK && !answer.containsKey(XOR_RELAYED_ADDRESS)) {
            throw new IOException("an allocation without an address");
        }
        return code(answer);
    }

    /** Keeps the relay. Returns {@link #OK} or the code of the error. */
    int refresh(IceServer server) throws Exception {
        byte[] seconds = ByteBuffer.allocate(4).putInt(600).array();
        return code(authenticated(REFRESH, new LinkedHashMap<>(Map.of(LIFETIME, seconds)), server));
    }

    private Map<Integer, byte[]> authenticated(int method, Map<Integer, byte[]> attributes, IceServer server)
            throws Exception {
        String username = Objects.requireNonNull(server.username());
        String realm = new String(challenge.get(REALM), UTF_8);
        attributes.put(USERNAME, username.getBytes(UTF_8));
        attributes.put(REALM, challenge.get(REALM));
        attributes.put(NONCE, challenge.get(NONCE));
        byte[] key = MessageDigest.getInstance("MD5")
                .digest((username + ":" + realm + ":" + server.credential()).getBytes(UTF_8));
        Map<Integer, byte[]> answer = exchange(method, attributes, key);
        if (code(answer) == STALE_NONCE) {
            challenge = answer;
            attributes.put(NONCE, challenge.get(NONCE));
            answer = exchange(method, attributes, key);
        }
        return answer;
    }

    private Map<Integer, byte[]> exchange(int method, Map<Integer, byte[]> attributes, byte @Nullable [] key)
            throws Exception {
        byte[] transaction = new byte[12];
        random.nextBytes(transaction);
        byte[] request = request(method, transaction, attributes, key);
        for (int i = 0; i < TRIES; i++) {
            socket.send(new DatagramPacket(request, request.length));
            try {
                return answer(method, transaction);
            } catch (SocketTimeoutException e) {
                // Sent again, with the same transaction: the server answers it once only.
            }
        }
        throw new IOException("no answer to " + TRIES + " requests");
    }

    private static byte[] request(
            int method, byte[] transaction, Map<Integer, byte[]> attributes, byte @Nullable [] key)
            throws GeneralSecurityException {
        ByteBuffer message = ByteBuffer.allocate(1500)
                .putShort((short) method)
                .putShort((short) 0)
                .putInt(MAGIC_COOKIE)
                .put(transaction);
        attributes.forEach((type, value) -> put(message, type, value));
        if (key != null) {
            // Over all before, with a length that has the attribute itself in it (RFC 8489 section 14.5).
            message.putShort(2, (short) (message.position() - HEADER_BYTES + INTEGRITY_BYTES));
            Mac mac = Mac.getInstance("HmacSHA1");
            mac.init(new SecretKeySpec(key, "HmacSHA1"));
            put(message, MESSAGE_INTEGRITY, mac.doFinal(Arrays.copyOf(message.array(), message.position())));
        }
        message.putShort(2, (short) (message.position() - HEADER_BYTES));
        return Arrays.copyOf(message.array(), message.position());
    }

    private static void put(ByteBuffer message, int type, byte[] value) {
        message.putShort((short) type).putShort((short) value.length).put(value);
        message.position((message.position() + 3) & ~3);
    }

    /** The attributes of the answer to a request; answers to others are passed over. */
    private Map<Integer, byte[]> answer(int method, byte[] transaction) throws IOException {
        while (true) {
            DatagramPacket packet = new DatagramPacket(new byte[1500], 1500);
            socket.receive(packet);
            ByteBuffer message = ByteBuffer.wrap(packet.getData(), 0, packet.getLength());
            int type = message.getShort();
            byte[] id = Arrays.copyOfRange(packet.getData(), 8, HEADER_BYTES);
            if (Arrays.equals(id, transaction) && (type == (method | SUCCESS) || type == (method | ERROR))) {
                return attributes(message.position(HEADER_BYTES));
            }
        }
    }

    private static Map<Integer, byte[]> attributes(ByteBuffer message) {
        Map<Integer, byte[]> attributes = new LinkedHashMap<>();
        while (message.hasRemaining()) {
            int type = message.getShort() & 0xFFFF;
            byte[] value = new byte[message.getShort()];
            message.get(value);
            message.position(Math.min(message.limit(), (message.position() + 3) & ~3));
            attributes.putIfAbsent(type, value);
        }
        return attributes;
    }

    private static int code(Map<Integer, byte[]> answer) {
        byte[] error = answer.get(ERROR_CODE);
        return error == null ? OK : error[2] * 100 + error[3];
    }

    @Override
    public void close() {
        socket.close();
    }
}
