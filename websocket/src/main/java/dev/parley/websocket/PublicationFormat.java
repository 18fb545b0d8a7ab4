package dev.parley.websocket;

import dev.parley.topic.Publication;
import dev.parley.websocket.codec.Opcode;

/** What a publication looks like as a message. */
interface PublicationFormat {

    /** The publication's own bytes, as a text or a binary message. */
    PublicationFormat PLAIN = new PublicationFormat() {
        @Override
        public int opcode(Publication publication) {
            return publication.isText() ? Opcode.TEXT : Opcode.BINARY;
        }

        @Override
        public byte[] payload(String id, Publication publication) {
            return publication.payload();
        }
    };

    /** Which kind of message it is. */
    int opcode(Publication publication);

    /**
     * What is in the message.
     *
     * @param id what a client resumes from that has heard this publication and not the next
     */
    byte[] payload(String id, Publication publication);
}
