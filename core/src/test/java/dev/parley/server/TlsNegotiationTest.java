package dev.parley.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.http.ParleyHandler;
import dev.parley.http.Routes;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.pkitesting.CertificateBuilder;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class TlsNegotiationTest {

    @Test
    void aHandshakeMayTakeAsLongAsAHead() throws Exception {
        Tls tls = Tls.of(SslContextBuilder.forServer(new CertificateBuilder()
                        .subject("CN=localhost")
                        .setIsCertificateAuthority(true)
                        .buildSelfSigned()
                        .toKeyManagerFactory())
                .build());
        ParleyHandler handler =
                ParleyHandler.builder().routes(Routes.builder().build()).build();
        EmbeddedChannel channel = new EmbeddedChannel();

        TlsNegotiation.begin(channel, tls, handler, Duration.ofSeconds(7));

        assertThat(channel.pipeline().get(SslHandler.class).getHandshakeTimeoutMillis())
                .isEqualTo(7000);
        channel.finishAndReleaseAll();
    }
}
