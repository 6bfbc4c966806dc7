"""The second host: Faust gives membership, life cycle and the agent loop; what is exact is that of every host.

Nothing but this package imports Faust, and nothing imports this package before it is chosen (``stream deadlines --host
faust``, or ``faust -A lienthong_streams.faust_host.worker worker``).
"""
