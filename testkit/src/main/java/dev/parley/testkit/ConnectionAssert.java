package dev.parley.testkit;

import org.assertj.core.api.AbstractAssert;

/** Assertions on the bytes of a connection. Those on what was received take it. Not thread-safe. */
public final class ConnectionAssert extends AbstractAssert<ConnectionAssert, TestConnection> {
    ConnectionAssert(TestConnection actual) {
        super(actual, ConnectionAssert.class);
    }

    /**
     * Takes the bytes since the last look, and verifies them: all of them.
     *
     * @param text the bytes, as UTF-8
     * @return this assertion
     */
    public ConnectionAssert received(String text) {
        isNotNull();
        String is = actual.receivedText();
        if (!is.equals(text)) {
            throw failureWithActualExpected(is, text, "%s: received: \"%s\" (expected: \"%s\")", actual, is, text);
        }
        return this;
    }

    /**
     * Takes the bytes since the last look, and verifies them: all of them.
     *
     * @param bytes the bytes
     * @return this assertion
     */
    public ConnectionAssert received(byte[] bytes) {
        isNotNull();
        String is = Text.latin1(actual.received());
        String expected = Text.latin1(bytes);
        if (!is.equals(expected)) {
            throw failureWithActualExpected(
                    is, expected, "%s: received: \"%s\" (expected: \"%s\")", actual, is, expected);
        }
        return this;
    }

    /**
     * Verifies that no byte has come since the last look.
     *
     * @return this assertion
     */
    public ConnectionAssert receivedNothing() {
        return received("");
    }

    /**
     * Verifies that the server has ended what it sends.
     *
     * @return this assertion
     */
    public ConnectionAssert isClosed() {
        isNotNull();
        if (!actual.isClosed()) {
            throw failure("%s: open (expected: closed by the server)", actual);
        }
        return this;
    }

    /**
     * Verifies that the server may send more.
     *
     * @return this assertion
     */
    public ConnectionAssert isOpen() {
        isNotNull();
        if (actual.isClosed()) {
            throw failure("%s: closed by the server (expected: open)", actual);
        }
        return this;
    }
}
