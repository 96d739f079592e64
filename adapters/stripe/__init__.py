"""The payment gateway on Stripe. The only package that imports Stripe's SDK."""
