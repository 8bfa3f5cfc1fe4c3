"""`python -m bot.simulator`: the simulator on its own, for a server that runs elsewhere."""

from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser

from aiohttp import web

from bot.simulator import Mode, Simulator, app


def parser() -> ArgumentParser:
    options = ArgumentParser(
        prog="python -m bot.simulator",
        description="Plays the WeChat Official Account platform for one account, with a chat page at /.",
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = options.add_argument
    add("--callback-url", required=True, help="the URL of the account's server")
    add("--app-id", default="wx5a1c0d3f7e9b2846", help="the account's AppID")
    add("--app-secret", default="8f14e45fceea167a5a36dedd4bea2543", help="the account's AppSecret")
    add("--token", default="jiangwen", help="the Token that signs callbacks")
    add("--aes-key", default="jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", help="the EncodingAESKey")
    add("--mode", type=Mode, choices=list(Mode), default=Mode.SAFE, help="how callbacks are sealed")
    add("--clock-url", help="where the server's clock is read and set; without it the page shows no clock")
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=int, default=8090, help="port to listen on")
    return options


def main() -> None:
    options = vars(parser().parse_args())
    host, port = options.pop("host"), options.pop("port")
    web.run_app(app(Simulator(**options)), host=host, port=port)


if __name__ == "__main__":
    main()
