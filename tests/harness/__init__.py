"""What integration and cluster tests share: processes, peers, load, metrics, namespaces, the cluster.

Standard library and pytest only. Everything waits for conditions with a deadline; nothing sleeps in hope.
"""
