"""What every route of /api/v1 shares. Routes themselves live with their apps, in `<app>/api/`.

authentication   who calls, and may they           parsers      JSON from strangers
views            one object, one change            inputs       what a body may say
lists            pages of rows, cheaply            filters      what an address may ask
shapes           what is answered                  pagination   where a page begins
versions         ETag, If-Match                    once         Idempotency-Key
errors           one envelope                      schema       OpenAPI
"""
