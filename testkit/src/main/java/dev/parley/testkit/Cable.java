package dev.parley.testkit;

/** Both ends of a connection. Confined to the event loop. */
record Cable(Socket client, Socket server) {
    /** One turn for each end. Whether something moved. */
    boolean deliver() {
        boolean moved = client.deliver();
        return server.deliver() || moved;
    }

    boolean isGone() {
        return !client.isOpen() && !server.isOpen();
    }
}
