"""The broker port on RabbitMQ 3.10 to 4.3, through aio-pika.

- `broker`      the port: puts the parts together
- `link`        one connection, kept up by its own loop; `sockets`: what its bytes go through
- `lane`        a channel with a short way past the library; `kept`: one that is opened again whenever it closes
- `topology`    declaring, checking and repairing exchanges and queues
- `publisher`   confirmed publishing and unconfirmed telling; `confirms`: who waits for which answer; `outgoing`: frames
- `consumption` a consumer that outlives its channels; `delivery`: one message in hand, and settling it
- `tap`         what is taken out of the bytes before the library reads them; `contents`: the messages among that
- `wire`        what frames are made of
- `failures`    what the library raises, told apart from our own cancellation

The library connects, opens channels, declares, consumes and cancels, beats and says goodbye. What happens with every
question goes past it: messages, confirms and acknowledgements are written to the socket and taken off it as frames.

Connections are supervised here and not by aio-pika's robust ones: those restore channels, queues and consumers one by
one, in the background and without a word when one of them fails, and never try the first connection twice. The
channels are aiormq's (on which aio-pika stands): aio-pika's own hide that the broker cancelled a consumer.
"""

from tokenline.adapters.broker_rabbitmq.broker import RabbitBroker

__all__ = ["RabbitBroker"]
