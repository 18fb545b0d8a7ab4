package dev.parley.testkit;

/**
 * Entry points to the assertions of the test kit, in AssertJ's manner.
 *
 * <pre>{@code
 * import static dev.parley.testkit.ParleyAssertions.assertThat;
 *
 * assertThat(server.get("/api/time").send()).hasStatus(200).hasHeader("Content-Type", "application/json");
 * }</pre>
 */
public final class ParleyAssertions {
    private ParleyAssertions() {}

    /**
     * Asserts on a whole answer.
     *
     * @param actual the answer
     * @return its assertions
     */
    public static ResponseAssert assertThat(TestResponse actual) {
        return new ResponseAssert(actual);
    }

    /**
     * Asserts on an answer that goes on.
     *
     * @param actual the answer
     * @return its assertions
     */
    public static StreamAssert assertThat(TestStream actual) {
        return new StreamAssert(actual);
    }

    /**
     * Asserts on a WebSocket.
     *
     * @param actual the WebSocket
     * @return its assertions
     */
    public static WebSocketAssert assertThat(TestWebSocket actual) {
        return new WebSocketAssert(actual);
    }

    /**
     * Asserts on the bytes of a connection.
     *
     * @param actual the connection
     * @return its assertions
     */
    public static ConnectionAssert assertThat(TestConnection actual) {
        return new ConnectionAssert(actual);
    }

    /**
     * Asserts on the progress of uploads.
     *
     * @param actual what was told of it
     * @return its assertions
     */
    public static ProgressAssert assertThat(ProgressRecorder actual) {
        return new ProgressAssert(actual);
    }
}
